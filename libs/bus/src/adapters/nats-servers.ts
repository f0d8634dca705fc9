import { readFileSync } from 'node:fs';
import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
} from '@nats-io/transport-node';
import {
  checkedFile,
  ConfigError,
  readTlsFiles,
  type ConfigOf,
  type HostPort,
  type TlsFiles,
} from '@skein/runtime';
import { readNatsAddress } from '../nats-address.ts';
import type { busSettings } from '../settings.ts';

/** The NATS servers, and the credentials of this process. */
export interface NatsServers {
  readonly servers: readonly HostPort[];
  /** `undefined`: TLS only if the server asks for it. */
  readonly tls: TlsFiles | undefined;
  /** `undefined`: without a login. */
  readonly authenticator: Authenticator | undefined;
}

export type BusConfig = ConfigOf<typeof busSettings>;

/** Validates and combines the settings. Throws a `ConfigError` for contradictions and for invalid files. */
export function natsServers(config: BusConfig): NatsServers {
  const { natsUrl, natsCaFile: caFile, natsCertFile: certFile, natsKeyFile: keyFile } = config;
  const tls = { wanted: natsUrl.tls, scheme: 'tls://' };
  return {
    servers: natsUrl.servers,
    tls: readTlsFiles('SKEIN_NATS', { caFile, certFile, keyFile }, tls),
    authenticator: authenticatorFor(config),
  };
}

/** The same from an address alone. Throws as `readNatsAddress` does. */
export function natsServersAt(url: string): NatsServers {
  const { servers, tls, login } = readNatsAddress(url);
  return { servers, tls: tls ? {} : undefined, authenticator: urlAuthenticator(login) };
}

function authenticatorFor(config: BusConfig): Authenticator | undefined {
  const { natsUrl, natsUser, natsPassword, natsToken, natsCredsFile, natsNkeyFile } = config;
  const named = [
    ...(natsUrl.login.kind === 'none' ? [] : ['SKEIN_NATS_URL']),
    ...(natsUser === '' ? [] : ['SKEIN_NATS_USER']),
    ...(natsToken === '' ? [] : ['SKEIN_NATS_TOKEN']),
    ...(natsCredsFile === '' ? [] : ['SKEIN_NATS_CREDS_FILE']),
    ...(natsNkeyFile === '' ? [] : ['SKEIN_NATS_NKEY_FILE']),
  ];
  const [first, second] = named;
  if (first !== undefined && second !== undefined)
    throw ConfigError.unworkable(second, undefined, `${first} has a login as well; keep one of them`);
  if ((natsUser === '') !== (natsPassword === '')) {
    const [there, missing] = natsUser === '' ? ['PASSWORD', 'USER'] : ['USER', 'PASSWORD'];
    throw ConfigError.unworkable(`SKEIN_NATS_${there}`, undefined, `set SKEIN_NATS_${missing} as well`);
  }
  if (natsUser !== '') return usernamePasswordAuthenticator(natsUser, natsPassword);
  if (natsToken !== '') return tokenAuthenticator(natsToken);
  if (natsCredsFile !== '') return fromFile('SKEIN_NATS_CREDS_FILE', natsCredsFile, credsAuthenticator);
  if (natsNkeyFile !== '') return fromFile('SKEIN_NATS_NKEY_FILE', natsNkeyFile, nkeyAuthenticatorOf);
  return urlAuthenticator(natsUrl.login);
}

function urlAuthenticator(login: BusConfig['natsUrl']['login']): Authenticator | undefined {
  switch (login.kind) {
    case 'none':
      return undefined;
    case 'user':
      return usernamePasswordAuthenticator(login.user, login.password);
    case 'token':
      return tokenAuthenticator(login.token);
  }
}

/** The seed is the whole file, or a line of its own, as `nsc` writes it. */
function nkeyAuthenticatorOf(content: Uint8Array): Authenticator {
  const seed = /^\s*(SU[A-Z2-7]{56})\s*$/m.exec(Buffer.from(content).toString())?.[1];
  if (seed === undefined) throw new Error('no NKey seed of a user');
  return nkeyAuthenticator(Buffer.from(seed));
}

/** Reads the file again for each connection, so that credentials can be rotated at run time; ignores a file that is broken by then. */
function fromFile(
  env: string,
  file: string,
  authenticatorOf: (content: Uint8Array) => Authenticator,
): Authenticator {
  const first = checkedFile(env, file, (content) => authenticatorOf(content)('nonce'));
  let last = authenticatorOf(first);
  return (nonce) => {
    try {
      const next = authenticatorOf(readFileSync(file));
      const answer = next(nonce);
      last = next;
      return answer;
    } catch {
      // The client would close the connection for good if this threw.
      return last(nonce);
    }
  };
}
