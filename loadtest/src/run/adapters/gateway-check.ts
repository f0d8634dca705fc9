import { PROTOCOL_VERSION } from '@skein/protocol';

const DEADLINE_MS = 5000;

/** A URL at which no gateway of ours serves. The message is one line for people. */
export class NotAGateway extends Error {
  override readonly name = 'NotAGateway';
}

/** `http(s)://HOST` or `ws(s)://HOST/v1/signal` -> where signaling is. Throws `NotAGateway` for what is no URL. */
export function signalUrlOf(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const scheme =
    parsed && { 'http:': 'ws:', 'https:': 'wss:', 'ws:': 'ws:', 'wss:': 'wss:' }[parsed.protocol];
  if (!parsed || !scheme)
    throw new NotAGateway(`${url} is not a URL of a gateway: write http://HOST:PORT or https://HOST`);
  const path = parsed.pathname.replace(/\/+$/, '');
  return `${scheme}//${parsed.host}${path.endsWith('/v1/signal') ? path : `${path}/v1/signal`}`;
}

/** Resolves when a gateway of our protocol welcomes us at `url`. Rejects with `NotAGateway` within 5 s. */
export async function checkGateway(url: string): Promise<void> {
  const signalUrl = signalUrlOf(url);
  const welcome = await firstMessage(signalUrl);
  if (welcome === undefined) throw new NotAGateway(`${url}: ${await whyNot(signalUrl)}`);
  const version = protocolVersionOf(welcome);
  if (version === undefined) throw new NotAGateway(`${url}: what answers there is not a gateway of Skein`);
  if (version !== PROTOCOL_VERSION) {
    throw new NotAGateway(
      `${url}: the gateway speaks protocol ${version}, and this tool ${PROTOCOL_VERSION}`,
    );
  }
}

function firstMessage(signalUrl: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = new WebSocket(signalUrl);
    const timer = setTimeout(() => finish(undefined), DEADLINE_MS);
    const finish = (message: string | undefined): void => {
      clearTimeout(timer);
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      resolve(message);
    };
    socket.onmessage = ({ data }) => finish(String(data));
    socket.onclose = () => finish(undefined);
    socket.onerror = () => finish(undefined);
  });
}

/** Tells a dead address from something else that answers. */
async function whyNot(signalUrl: string): Promise<string> {
  try {
    const answer = await fetch(signalUrl.replace(/^ws/, 'http'), {
      signal: AbortSignal.timeout(DEADLINE_MS),
    });
    return `what answers there is not a gateway of Skein (HTTP ${answer.status} for /v1/signal)`;
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    return `nothing answers there (${code})`;
  }
}

function protocolVersionOf(message: string): number | undefined {
  try {
    const { event, data } = JSON.parse(message) as { event?: unknown; data?: { protocolVersion?: unknown } };
    const version = data?.protocolVersion;
    return event === 'welcome' && typeof version === 'number' ? version : undefined;
  } catch {
    return undefined;
  }
}
