import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { Redis, type RedisOptions } from 'ioredis';
import { backoff, systemRandom, type Random, type TlsFiles } from '@skein/runtime';
import type { StoreOptions } from '../store/cluster-store.ts';
import { readStoreAddress, type Endpoint, type Login, type StoreAddress } from '../store/store-address.ts';

const FIRST_RETRY_MS = 50;
/** Short, so that every process finds a Redis that is back within a second. */
const LONGEST_RETRY_MS = 600;
const CONNECT_TIMEOUT_MS = 2000;
/** Short, as a server that is left may hang. */
const DISCONNECT_TIMEOUT_MS = 50;
export const DEFAULT_COMMAND_TIMEOUT_MS = 1000;

type Sentinels = Extract<StoreAddress, { kind: 'sentinels' }>;

/** A client that is not connected yet and never stops trying. */
export interface RedisClient {
  readonly redis: Redis;
  readonly address: StoreAddress;
  /** Connections in a row that were left because the server was not the primary; what makes the pauses grow. */
  left: number;
}

/** Fails `INVALID_ARGUMENT` for a malformed address. */
export function createClient(options: StoreOptions): RedisClient {
  const { url, name, random = systemRandom } = options;
  const address = typeof url === 'string' ? readStoreAddress(url) : url;
  const shared: RedisOptions = {
    ...limits(options),
    ...(name !== undefined && { connectionName: name.replaceAll(/[^\w.:-]/g, '-') }),
    // A command that is sent again after a lost connection could run twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    retryStrategy: (attempt) => retryDelayMs(attempt + client.left, random),
  };
  const redis =
    address.kind === 'server'
      ? new Redis({ ...shared, ...serverOptions(address) })
      : new Redis({ ...shared, ...sentinelOptions(address, random) });
  const client: RedisClient = { redis, address, left: 0 };
  return client;
}

/**
 * The run id of the primary by the first sentinel that answers: a hanging one delays nothing, and a late one reports the change
 * when it learns of it. `undefined` when none answers.
 */
export async function runIdOfPrimary(address: Sentinels, options: StoreOptions): Promise<string | undefined> {
  const asked = address.sentinels.map((sentinel) => askSentinel(sentinel, address, options));
  return await Promise.any(asked).catch(() => undefined);
}

async function askSentinel(
  endpoint: Endpoint,
  { name, tls, sentinelLogin }: Sentinels,
  options: StoreOptions,
): Promise<string> {
  const own = {
    ...endpoint,
    ...(tls && { tls: tlsOptions(tls) }),
    ...loginOptions(sentinelLogin),
    retryStrategy: null,
    enableReadyCheck: false,
  };
  const sentinel = new Redis({ ...limits(options), ...own });
  sentinel.on('error', () => {
    // The call fails with the same error.
  });
  try {
    await sentinel.connect();
    const fields = (await sentinel.call('SENTINEL', 'MASTER', name)) as readonly string[];
    const at = fields.indexOf('runid');
    const runId = at < 0 ? undefined : fields[at + 1];
    if (runId === undefined) throw new Error('a sentinel does not name the primary');
    return runId;
  } finally {
    sentinel.disconnect();
  }
}

function serverOptions({
  host,
  port,
  db,
  tls,
  login,
}: Extract<StoreAddress, { kind: 'server' }>): RedisOptions {
  return { host, port, db, ...loginOptions(login), ...(tls && { tls: tlsOptions(tls) }) };
}

/** Files are read again for each connection, so that certificates can be renewed while the process runs. */
function tlsOptions({ caFile, certFile, keyFile }: TlsFiles): ConnectionOptions {
  const [ca, cert, key] = [caFile, certFile, keyFile].map(freshest);
  return {
    get ca() {
      return ca?.();
    },
    get cert() {
      return cert?.();
    },
    get key() {
      return key?.();
    },
  };
}

/** The content of a file; the last known one while it cannot be read. */
function freshest(file: string | undefined): (() => Buffer) | undefined {
  if (file === undefined) return undefined;
  let last = readFileSync(file);
  return () => {
    try {
      last = readFileSync(file);
    } catch {
      // It is being replaced.
    }
    return last;
  };
}

function limits({ commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS }: StoreOptions): RedisOptions {
  return {
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    maxLoadingRetryTime: LONGEST_RETRY_MS,
    /**
     * The last resort, such as for a login that is not answered: it counts pauses of this process as well. A connection
     * that serves is left earlier by `RedisConnection`.
     */
    socketTimeout: commandTimeoutMs * 4,
    maxRetriesPerRequest: 0,
  };
}

function sentinelOptions(
  { sentinels, name, db, tls, login, sentinelLogin }: Sentinels,
  random: Random,
): RedisOptions {
  const { username, password } = sentinelLogin;
  return {
    sentinels: sentinels.map((one) => ({ ...one })),
    ...{ name, db, role: 'master' },
    ...loginOptions(login),
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
    ...(tls && {
      ...{ tls: tlsOptions(tls), sentinelTLS: tlsOptions(tls), enableTLSForSentinelMode: true },
    }),
    // The connection ends as soon as the sentinels say that another server is the primary.
    failoverDetector: true,
    sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
    sentinelRetryStrategy: (attempt) => retryDelayMs(attempt, random),
    sentinelReconnectStrategy: (attempt) => retryDelayMs(attempt, random),
  };
}

function loginOptions({ username, password }: Login): RedisOptions {
  return { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
}

/** After the first attempt twice `FIRST_RETRY_MS`: the attempt itself took its time. */
function retryDelayMs(attempt: number, random: Random): number {
  return backoff({ firstMs: FIRST_RETRY_MS, maxMs: LONGEST_RETRY_MS, jitter: 0.2, random })(attempt + 1);
}
