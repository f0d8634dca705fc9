import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { PROTOCOL_VERSION } from '@skein/protocol';

const DEADLINE_MS = 5000;
const CLOSED_WITHOUT_A_WORD = 1005;

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
    throw new NotAGateway(
      `${url || 'an empty text'} is not a URL of a gateway: write http://HOST:PORT or https://HOST`,
    );
  const path = parsed.pathname.replace(/\/+$/, '');
  return `${scheme}//${parsed.host}${path.endsWith('/v1/signal') ? path : `${path}/v1/signal`}`;
}

/** Resolves when a gateway of our protocol welcomes us at `url`. Rejects with `NotAGateway` within 10 s. */
export async function checkGateway(url: string): Promise<void> {
  const signalUrl = signalUrlOf(url);
  const greeting = await greetingAt(signalUrl);
  if (greeting.kind !== 'message') throw new NotAGateway(`${url}: ${await whyNot(greeting, signalUrl)}`);
  const version = protocolVersionOf(greeting.text);
  if (version === undefined) throw new NotAGateway(`${url}: ${NOT_OURS}`);
  if (version !== PROTOCOL_VERSION) {
    throw new NotAGateway(
      `${url}: the gateway speaks protocol ${version}, and this tool ${PROTOCOL_VERSION}`,
    );
  }
}

const NOT_OURS = 'what answers there is not a gateway of Skein';

/** What comes over a WebSocket first. */
type Greeting =
  | { readonly kind: 'message'; readonly text: string }
  /** The connection did not come to be. */
  | { readonly kind: 'refused' }
  | { readonly kind: 'closed'; readonly code: number; readonly reason: string }
  | { readonly kind: 'silence' };

function greetingAt(signalUrl: string): Promise<Greeting> {
  return new Promise((resolve) => {
    const socket = new WebSocket(signalUrl);
    let opened = false;
    const finish = (greeting: Greeting): void => {
      clearTimeout(timer);
      socket.onopen = socket.onmessage = socket.onclose = socket.onerror = null;
      socket.close();
      resolve(greeting);
    };
    const timer = setTimeout(() => finish({ kind: opened ? 'silence' : 'refused' }), DEADLINE_MS);
    socket.onopen = () => (opened = true);
    socket.onmessage = ({ data }) => finish({ kind: 'message', text: String(data) });
    socket.onclose = ({ code, reason }) => finish(opened ? { kind: 'closed', code, reason } : REFUSED);
    // `close` follows where the connection was open, and says more.
    socket.onerror = () => !opened && finish(REFUSED);
  });
}

const REFUSED: Greeting = { kind: 'refused' };

async function whyNot(greeting: Exclude<Greeting, { kind: 'message' }>, signalUrl: string): Promise<string> {
  switch (greeting.kind) {
    case 'closed': {
      const { code, reason } = greeting;
      const said = code === CLOSED_WITHOUT_A_WORD ? '' : ` (${[code, reason].join(' ').trim()})`;
      return `what answers there closed the connection at once${said}`;
    }
    case 'silence':
      return `${NOT_OURS}: it says nothing within ${DEADLINE_MS / 1000} s`;
    case 'refused':
      return whyRefused(await upgradeAnswer(signalUrl));
  }
}

/** The HTTP status of the answer to a WebSocket's request, or why there is none. */
type UpgradeAnswer = number | { readonly failed: string };

/** Asks again as a WebSocket does (RFC 6455 section 4.1): its own errors don't say what the answer was. */
function upgradeAnswer(signalUrl: string): Promise<UpgradeAnswer> {
  return new Promise((resolve) => {
    const ask = signalUrl.startsWith('wss') ? httpsRequest : httpRequest;
    const request = ask(signalUrl.replace(/^ws/, 'http'), {
      headers: {
        ...{ connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' },
        'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      },
    });
    const finish = (answer: UpgradeAnswer): void => {
      clearTimeout(timer);
      resolve(answer);
      request.destroy();
    };
    const timer = setTimeout(() => finish({ failed: 'TIMEOUT' }), DEADLINE_MS);
    request.on('response', ({ statusCode = 0 }) => finish(statusCode));
    request.on('upgrade', (_response, socket) => {
      socket.destroy();
      finish(101);
    });
    request.on('error', (error: NodeJS.ErrnoException) => finish({ failed: error.code ?? error.message }));
    request.end();
  });
}

function whyRefused(answer: UpgradeAnswer): string {
  if (typeof answer === 'object') return whyNoAnswer(answer.failed);
  switch (answer) {
    case 401:
    case 403:
      return `the connection is refused there (HTTP ${answer}): it asks for a token or credentials, and a scenario's \`token\` only goes along with a join`;
    case 429:
    case 502:
    case 503:
    case 504:
      return `what answers there takes no connection now (HTTP ${answer})`;
    case 101:
      return `${NOT_OURS}: its WebSocket cannot be opened`;
    default:
      return `${NOT_OURS} (HTTP ${answer} for /v1/signal)`;
  }
}

function whyNoAnswer(failed: string): string {
  if (failed === 'TIMEOUT') return `nothing answers there within ${DEADLINE_MS / 1000} s`;
  if (failed.startsWith('HPE_')) return `${NOT_OURS}: it does not speak HTTP`;
  if (/CERT|SIGNATURE|SSL|TLS/.test(failed))
    return `no secure connection: its certificate or TLS is not accepted (${failed})`;
  return `nothing answers there (${failed})`;
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
