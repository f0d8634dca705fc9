import { readHostPort, type HostPort } from '@skein/runtime';

/** `SKEIN_NATS_URL`, parsed. */
export interface NatsAddress {
  readonly servers: readonly HostPort[];
  /** Required: a server without TLS is rejected. */
  readonly tls: boolean;
  readonly login: UrlLogin;
}

export type UrlLogin =
  | { readonly kind: 'none' }
  | { readonly kind: 'user'; readonly user: string; readonly password: string }
  | { readonly kind: 'token'; readonly token: string };

/** The form that `readNatsAddress` takes, in words. */
export const NATS_ADDRESS_ALLOWED =
  '`nats://[USER:PASSWORD@]HOST[:PORT]`, several separated by commas, or the same with `tls://` for TLS';

const DEFAULT_PORT = 4222;
const ENTRY = /^(?:(nats|tls):\/\/)?(?:([^@/?#]*)@)?([^@/?#]+)\/?$/;

/**
 * Reads the address of a NATS server, or of several of one cluster, separated by commas. The scheme and the login stand once,
 * or identically in each. A user without a password is a token. Throws an `Error` whose message continues
 * after "is not allowed: " and shows nothing of the text, which may hold a password.
 */
export function readNatsAddress(text: string): NatsAddress {
  if (!/^(?:nats|tls):\/\//.test(text)) throw new Error('it starts with neither nats:// nor tls://');
  const entries = text.split(',').map((entry, index) => readEntry(entry.trim(), index + 1));
  const schemes = new Set(entries.flatMap(({ scheme }) => scheme ?? []));
  if (schemes.size > 1) throw new Error('it names servers with nats:// and with tls://; use one for all');
  const logins = new Map(entries.flatMap(({ login }) => (login === undefined ? [] : [[login, login]])));
  if (logins.size > 1) throw new Error('its servers have different logins; use one for all');
  const [login] = logins.keys();
  return {
    servers: entries.map(({ server }) => server),
    tls: schemes.has('tls'),
    login: login === undefined ? { kind: 'none' } : readLogin(login),
  };
}

interface Entry {
  readonly scheme: string | undefined;
  readonly login: string | undefined;
  readonly server: HostPort;
}

function readEntry(text: string, number: number): Entry {
  const [, scheme, login, hostAndPort = ''] = ENTRY.exec(text) ?? [];
  const server = readHostPort(hostAndPort, DEFAULT_PORT);
  if (server === undefined) {
    throw new Error(
      `server ${number} of it is not HOST or HOST:PORT; percent-encode special characters of a password`,
    );
  }
  return { scheme, login, server };
}

function readLogin(text: string): UrlLogin {
  const [first = '', ...rest] = text.split(':');
  const user = decoded(first);
  const password = decoded(rest.join(':'));
  if (user === '') throw new Error('it has a login without a user or token');
  if (rest.length === 0) return { kind: 'token', token: user };
  if (password === '') throw new Error('it has a user with an empty password');
  return { kind: 'user', user, password };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('it has a login with a % that encodes nothing');
  }
}
