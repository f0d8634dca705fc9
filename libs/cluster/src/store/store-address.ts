import { SkeinError } from '@skein/protocol';
import { readHostPort, type HostPort as Endpoint, type TlsFiles } from '@skein/runtime';

export type { HostPort as Endpoint } from '@skein/runtime';

/** Where the store is: one address, or a primary that sentinels name. */
export type StoreAddress =
  | (Endpoint & StoreAccess & { readonly kind: 'server' })
  | (StoreAccess & {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Endpoint[];
      /** Of the primary, as the sentinels know it. */
      readonly name: string;
      readonly sentinelLogin: Login;
    });

/** How the servers that hold the data are used. */
export interface StoreAccess {
  readonly db: number;
  /** Insisted on, for sentinels too. `undefined`: none. */
  readonly tls: TlsFiles | undefined;
  readonly login: Login;
}

export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** What `readStoreAddress` takes, in words. */
export const STORE_ADDRESS_ALLOWED =
  '`redis://HOST:PORT`, `redis+sentinel://HOST:PORT,HOST:PORT/NAME`, or the same with `rediss` for TLS';

const SERVER_PORT = 6379;
const SENTINEL_PORT = 26_379;
const SERVER_URL = /^redis(s?):\/\/(?:([^@/?#]*)@)?([^@/?#,]+)(?:\/(\d{0,4}))?(\?[^#]*)?$/;
const SENTINEL_URL =
  /^redis(s?)\+sentinel:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/([\w.-]+)(?:\/(\d{1,4}))?(?:\?([^#]*))?$/;
const LOGIN_PARAMETERS = ['sentinelUsername', 'sentinelPassword'];

/**
 * Reads `redis[s]://[USER:PASSWORD@]HOST[:PORT][/DB]` or
 * `redis[s]+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/NAME[/DB][?sentinelUsername=…&sentinelPassword=…]`,
 * the form that other clients of Redis know. Fails with `INVALID_ARGUMENT`, without showing what may be a password.
 */
export function readStoreAddress(url: string): StoreAddress {
  if (/^rediss?\+sentinel:/.test(url)) return readSentinels(url);
  const [, tls, login = '', host = '', db = '', query = ''] = SERVER_URL.exec(url) ?? [];
  if (host === '')
    throw wrong(`must be ${STORE_ADDRESS_ALLOWED}; percent-encode special characters of a password`);
  const [unknown] = new URLSearchParams(query).keys();
  if (unknown !== undefined) throw wrong(`has a parameter that is none: ${unknown}`);
  return { kind: 'server', ...readEndpoint(host, SERVER_PORT), ...access(tls, login, db) };
}

function readSentinels(url: string): StoreAddress {
  const [, tls, login = '', hosts = '', name = '', db = '', query = ''] = SENTINEL_URL.exec(url) ?? [];
  if (name === '') throw wrong('names no primary: it is redis+sentinel://HOST:PORT,HOST:PORT/NAME');
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !LOGIN_PARAMETERS.includes(key));
  if (unknown !== undefined) throw wrong(`has a parameter that is none: ${unknown}`);
  const [username, password] = LOGIN_PARAMETERS.map((key) => parameters.get(key) ?? '');
  return {
    ...{ kind: 'sentinels', name },
    sentinels: hosts.split(',').map((host) => readEndpoint(host, SENTINEL_PORT)),
    ...access(tls, login, db),
    sentinelLogin: loginOf(username, password),
  };
}

function access(tls: string | undefined, login: string, db: string): StoreAccess {
  const [username = '', ...password] = login.split(':');
  return {
    db: Number(db),
    tls: tls === 's' ? {} : undefined,
    login: loginOf(decoded(username), decoded(password.join(':'))),
  };
}

function readEndpoint(text: string, defaultPort: number): Endpoint {
  const endpoint = readHostPort(text.trim(), defaultPort);
  if (!endpoint) throw wrong('names a server that is not HOST or HOST:PORT');
  return endpoint;
}

/** A user without a password would be left out by the client, and everything done as the default user. */
function loginOf(username = '', password = ''): Login {
  if (username !== '' && password === '') throw wrong('has a user without a password');
  return { ...(username && { username }), ...(password && { password }) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong('has a user or password with a % that encodes nothing');
  }
}

function wrong(problem: string): SkeinError {
  return SkeinError.invalidArgument('url', problem);
}
