import { SkeinError } from '@skein/protocol';

/** Where the store is: one address, or a primary that sentinels name. */
export type StoreAddress =
  | { readonly kind: 'server'; readonly url: string }
  | {
      readonly kind: 'sentinels';
      readonly sentinels: readonly Endpoint[];
      /** Of the primary, as the sentinels know it. */
      readonly name: string;
      readonly db: number;
      readonly tls: boolean;
      readonly login: Login;
      readonly sentinelLogin: Login;
    };

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

export interface Login {
  readonly username?: string;
  readonly password?: string;
}

/** What `readStoreAddress` takes, in words. */
export const STORE_ADDRESS_ALLOWED =
  '`redis://HOST:PORT`, `redis+sentinel://HOST:PORT,HOST:PORT/NAME`, or the same with `rediss` for TLS';

const SENTINEL_PORT = 26_379;
const SENTINEL_URL =
  /^redis(s?)\+sentinel:\/\/(?:([^@/?#]*)@)?([^@/?#]+)\/([\w.-]+)(?:\/(\d{1,4}))?(?:\?([^#]*))?$/;
const ENDPOINT = /^(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const LOGIN_PARAMETERS = ['sentinelUsername', 'sentinelPassword'];

/**
 * Reads `redis[s]://[USER:PASSWORD@]HOST[:PORT][/DB]` or
 * `redis[s]+sentinel://[USER:PASSWORD@]HOST[:PORT][,HOST[:PORT]…]/NAME[/DB][?sentinelUsername=…&sentinelPassword=…]`,
 * the form that other clients of Redis know. Fails with `INVALID_ARGUMENT`, without showing what may be a password.
 */
export function readStoreAddress(url: string): StoreAddress {
  if (/^rediss?\+sentinel:/.test(url)) return readSentinels(url);
  if (!URL.canParse(url)) throw wrong(`must be ${STORE_ADDRESS_ALLOWED}`);
  const { protocol, hostname } = new URL(url);
  if (!/^rediss?:$/.test(protocol) || hostname === '') throw wrong(`must be ${STORE_ADDRESS_ALLOWED}`);
  return { kind: 'server', url };
}

function readSentinels(url: string): StoreAddress {
  const [, tls, login = '', hosts = '', name = '', db = '0', query = ''] = SENTINEL_URL.exec(url) ?? [];
  if (name === '') throw wrong('names no primary: it is redis+sentinel://HOST:PORT,HOST:PORT/NAME');
  const parameters = new URLSearchParams(query);
  const unknown = [...parameters.keys()].find((key) => !LOGIN_PARAMETERS.includes(key));
  if (unknown !== undefined) throw wrong(`has a parameter that is none: ${unknown}`);
  const [username = '', ...password] = login.split(':');
  return {
    kind: 'sentinels',
    sentinels: hosts.split(',').map(readEndpoint),
    ...{ name, db: Number(db), tls: tls === 's' },
    login: loginOf(decoded(username), decoded(password.join(':'))),
    sentinelLogin: loginOf(parameters.get('sentinelUsername'), parameters.get('sentinelPassword')),
  };
}

function readEndpoint(text: string): Endpoint {
  const [, host = '', port = String(SENTINEL_PORT)] = ENDPOINT.exec(text) ?? [];
  const valid = host !== '' && Number(port) >= 1 && Number(port) <= 65_535;
  if (!valid) throw wrong('names a sentinel that is not HOST or HOST:PORT');
  return { host: host.replaceAll(/^\[|\]$/g, ''), port: Number(port) };
}

function loginOf(username: string | null, password: string | null): Login {
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
