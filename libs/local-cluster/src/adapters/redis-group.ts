import { hostPort, systemClock } from '@skein/runtime';
import { askRedis, replicationOf } from './redis-ask.ts';
import { startSentinel, type RedisSentinel } from './redis-sentinel.ts';
import { startRedis, type RedisServer } from './redis.ts';

export interface RedisGroupOptions {
  /** Where a server of this name (`redis-1`, `sentinel-2`, ...) logs to. Default: only its last lines are kept, in memory. */
  readonly logFileOf?: (name: string) => string | undefined;
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** How long the primary answers nothing until it counts as down. Default 5000. */
  readonly downAfterMs?: number;
}

const PRIMARY_NAME = 'skein';
/** The usual number: one of them may fail, and two have to agree. */
const SENTINELS = 3;
const QUORUM = 2;
const DEFAULT_DOWN_AFTER_MS = 5_000;
const IN_SYNC_DEADLINE_MS = 30_000;
const POLL_MS = 50;

/** Two real Redis servers, one the replica of the other, and three sentinels that make the replica the primary. */
export class RedisGroup implements AsyncDisposable {
  readonly servers: readonly [RedisServer, RedisServer];
  readonly sentinels: readonly RedisSentinel[];
  /** `redis+sentinel://…`, naming all sentinels. */
  readonly url: string;

  constructor(servers: readonly [RedisServer, RedisServer], sentinels: readonly RedisSentinel[]) {
    this.servers = servers;
    this.sentinels = sentinels;
    this.url = `redis+sentinel://${sentinels.map(({ host, port }) => hostPort(host, port)).join(',')}/${PRIMARY_NAME}`;
  }

  /** The primary by majority of the sentinels. */
  async primary(): Promise<RedisServer> {
    const named = await Promise.all(this.sentinels.map((sentinel) => this.#named(sentinel)));
    const votes = (server: RedisServer): number => named.filter((one) => one === server).length;
    const [one, other] = this.servers;
    return votes(one) > votes(other) ? one : other;
  }

  /** Waits until another server than `before` is the primary and takes writes. */
  async failedOver(before: RedisServer, deadlineMs: number): Promise<RedisServer> {
    return await until('another Redis to be the primary', deadlineMs, async () => {
      const primary = await this.primary();
      if (primary === before) return undefined;
      return (await replicationOf(primary))?.role === 'master' ? primary : undefined;
    });
  }

  /** Waits until one is the primary and the other its replica, with all of its data. */
  async inSync(): Promise<void> {
    await until('a replica that is in sync', IN_SYNC_DEADLINE_MS, async () => {
      const primary = await this.primary();
      const replica = this.servers.find((server) => server !== primary);
      const [first, second] = await Promise.all([replicationOf(primary), replica && replicationOf(replica)]);
      const whole =
        first?.role === 'master' && second?.role === 'slave' && second.master_link_status === 'up';
      return whole ? true : undefined;
    });
    await until('sentinels that know each other', IN_SYNC_DEADLINE_MS, async () => {
      const fields = await Promise.all(
        this.sentinels.map((sentinel) => askRedis(sentinel, 'SENTINEL CKQUORUM', PRIMARY_NAME)),
      );
      return fields.every((answer) => answer?.startsWith(`+OK ${SENTINELS} usable`)) ? true : undefined;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // The sentinels first: they would fail over.
    await Promise.all(this.sentinels.map((sentinel) => sentinel[Symbol.asyncDispose]()));
    await Promise.all(this.servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async #named(sentinel: RedisSentinel): Promise<RedisServer | undefined> {
    const answer = await askRedis(sentinel, 'SENTINEL GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME);
    return this.servers.find(({ port }) => answer?.split('\r\n').includes(String(port)));
  }
}

/** Starts them, and waits until a failover could be. Fails with a `LaunchError`. */
export async function startRedisGroup(options: RedisGroupOptions = {}): Promise<RedisGroup> {
  const { logFileOf = () => undefined, host, downAfterMs = DEFAULT_DOWN_AFTER_MS } = options;
  const started: AsyncDisposable[] = [];
  const keep = <Server extends AsyncDisposable>(server: Server): Server => {
    started.unshift(server);
    return server;
  };
  try {
    const [first, second] = ['redis-1', 'redis-2'] as const;
    const primary = keep(await startRedis({ name: first, logFile: logFileOf(first), host }));
    const replica = keep(
      await startRedis({ name: second, logFile: logFileOf(second), host, replicaOf: primary }),
    );
    const sentinels: RedisSentinel[] = [];
    for (let number = 1; number <= SENTINELS; number++) {
      const name = `sentinel-${number}`;
      const shared = { primaryName: PRIMARY_NAME, primary, quorum: QUORUM, downAfterMs };
      sentinels.push(keep(await startSentinel({ ...shared, name, logFile: logFileOf(name) })));
    }
    const group = new RedisGroup([primary, replica], sentinels);
    await group.inSync();
    return group;
  } catch (error) {
    for (const server of started) await server[Symbol.asyncDispose]();
    throw error;
  }
}

async function until<Value>(
  what: string,
  deadlineMs: number,
  look: () => Promise<Value | undefined>,
): Promise<Value> {
  const deadline = systemClock.monotonicMs() + deadlineMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (systemClock.monotonicMs() > deadline) throw new Error(`waited ${deadlineMs} ms for ${what}`);
    await systemClock.sleep(POLL_MS);
  }
}
