import { SkeinError } from '@skein/protocol';
import {
  ConfigError,
  NotAllowed,
  readTlsFiles,
  setting,
  tlsFileSettings,
  type ConfigOf,
  type Setting,
} from '@skein/runtime';
import { readStoreAddress, STORE_ADDRESS_ALLOWED, type Login, type StoreAddress } from './store-address.ts';

const SECRET = { pattern: /^$|^\S(?:.*\S)?$/, allowed: 'text without blanks around it, or empty' };
const { caFile, certFile, keyFile } = tlsFileSettings('SKEIN_REDIS', 'Redis');

const redisUrl: Setting<StoreAddress> = {
  env: 'SKEIN_REDIS_URL',
  defaultText: 'redis://127.0.0.1:6379',
  allowed: STORE_ADDRESS_ALLOWED,
  doc: 'The Redis server of the cluster, or its sentinels; optionally with a login and a database: `redis://USER:PASSWORD@HOST:PORT/DB`.',
  secret: true,
  parse: (text) => {
    try {
      return readStoreAddress(text);
    } catch (error) {
      throw new NotAllowed(`it ${SkeinError.from(error).message.replace(/^url: /, '')}`);
    }
  },
};

/** What a service that uses the store reads from its environment. `storeAddress` puts it together. */
export const storeSettings = {
  redisUrl,
  redisUser: setting.text('SKEIN_REDIS_USER', SECRET, {
    default: '',
    doc: 'User name at Redis, with `SKEIN_REDIS_PASSWORD`. Both may be in the URL instead.',
  }),
  redisPassword: setting.text('SKEIN_REDIS_PASSWORD', SECRET, {
    default: '',
    doc: 'Password of `SKEIN_REDIS_USER`, or of the default user.',
    secret: true,
  }),
  redisSentinelUser: setting.text('SKEIN_REDIS_SENTINEL_USER', SECRET, {
    default: '',
    doc: 'User name at the sentinels.',
  }),
  redisSentinelPassword: setting.text('SKEIN_REDIS_SENTINEL_PASSWORD', SECRET, {
    default: '',
    doc: 'Password of `SKEIN_REDIS_SENTINEL_USER`, or of the sentinels’ default user.',
    secret: true,
  }),
  redisCaFile: caFile,
  redisCertFile: certFile,
  redisKeyFile: keyFile,
};

export type StoreConfig = ConfigOf<typeof storeSettings>;

/** Puts the settings together. Throws a `ConfigError` for what contradicts itself and for files that are not what they should be. */
export function storeAddress(config: StoreConfig): StoreAddress {
  const { redisUrl: address, redisCaFile, redisCertFile, redisKeyFile } = config;
  const files = { caFile: redisCaFile, certFile: redisCertFile, keyFile: redisKeyFile };
  const wanted = address.tls !== undefined;
  const tls = readTlsFiles('SKEIN_REDIS', files, { wanted, scheme: wanted ? '' : 'rediss' });
  const login = loginFrom('SKEIN_REDIS', address.login, config.redisUser, config.redisPassword);
  const { redisSentinelUser: user, redisSentinelPassword: password } = config;
  if (address.kind === 'sentinels') {
    const sentinelLogin = loginFrom('SKEIN_REDIS_SENTINEL', address.sentinelLogin, user, password);
    return { ...address, tls, login, sentinelLogin };
  }
  if (user !== '' || password !== '') {
    const env = user === '' ? 'SKEIN_REDIS_SENTINEL_PASSWORD' : 'SKEIN_REDIS_SENTINEL_USER';
    throw ConfigError.unworkable(env, undefined, 'SKEIN_REDIS_URL names no sentinels; remove it');
  }
  return { ...address, tls, login };
}

function loginFrom(prefix: string, ofUrl: Login, username: string, password: string): Login {
  if (username !== '' && password === '')
    throw ConfigError.unworkable(`${prefix}_USER`, undefined, `set ${prefix}_PASSWORD as well`);
  if (password === '') return ofUrl;
  if (ofUrl.password !== undefined)
    throw ConfigError.unworkable(
      `${prefix}_PASSWORD`,
      undefined,
      'SKEIN_REDIS_URL has a login as well; keep one of them',
    );
  return { ...(username && { username }), password };
}
