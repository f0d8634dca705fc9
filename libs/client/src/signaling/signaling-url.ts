import { SkeinClientError } from '../client-error.ts';

/** A gateway's address as the user writes it, as that of its signaling socket. */
export function signalingUrl(url: string): string {
  const parsed = URL.parse(url);
  if (!parsed || !/^(http|ws)s?:$/.test(parsed.protocol)) {
    const message = 'url: must be an address such as https://meet.example.org';
    throw new SkeinClientError('INVALID_ARGUMENT', message, { details: { field: 'url' } });
  }
  parsed.protocol = parsed.protocol.replace('http', 'ws');
  if (parsed.pathname === '/') parsed.pathname = '/v1/signal';
  parsed.hash = '';
  return parsed.href;
}
