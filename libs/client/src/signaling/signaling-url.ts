import { SkeinClientError } from '../errors/client-error.ts';

const SIGNAL_PATH = '/v1/signal';

/**
 * Converts the address of a gateway, as users write it, into its signaling address `wss://…/v1/signal`. Accepts an origin, an
 * origin with a path prefix (`https://example.org/meet/`) and the signaling address itself. Ignores repeated and trailing
 * slashes. Fails `INVALID_ARGUMENT`.
 */
export function signalingUrl(url: string): string {
  const parsed = parse(url);
  if (!parsed || !/^(http|ws)s?:$/.test(parsed.protocol)) throw SkeinClientError.invalidUrl();
  parsed.protocol = parsed.protocol.replace('http', 'ws');
  const path = parsed.pathname.replace(/\/{2,}/g, '/').replace(/\/$/, '');
  parsed.pathname = path.endsWith(SIGNAL_PATH) ? path : path + SIGNAL_PATH;
  parsed.hash = '';
  return parsed.href;
}

/** `URL.parse` is newer than the browsers that the SDK supports. */
function parse(url: string): URL | undefined {
  try {
    return new URL(url);
  } catch {
    return undefined;
  }
}
