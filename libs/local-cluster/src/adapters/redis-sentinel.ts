import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './ports.ts';
import type { RedisServer } from './redis.ts';
import { RedisProcess } from './redis-process.ts';
import { startOnFreePort } from './free-port-start.ts';

export interface SentinelOptions {
  readonly name: string;
  /** What it calls the primary. */
  readonly primaryName: string;
  /** The primary at the start. */
  readonly primary: RedisServer;
  /** Sentinels that have to agree that the primary is down. */
  readonly quorum: number;
  /** How long a primary answers nothing until it counts as down. */
  readonly downAfterMs: number;
  readonly logFile?: string | undefined;
}

/** Two failover attempts are twice this apart: a call must survive more than one. */
const FAILOVER_TIMEOUT_MS = 3_000;

/** One of those that watch a Redis and its replicas, and make another one the primary when it is down. */
export class RedisSentinel extends RedisProcess {
  readonly #dir: string;

  constructor(port: number, options: SentinelOptions) {
    const { name, primary, logFile } = options;
    const dir = mkdtempSync(join(tmpdir(), 'skein-sentinel-'));
    // It keeps what it learns in its configuration file.
    const file = join(dir, 'sentinel.conf');
    writeFileSync(file, configuration(port, dir, options));
    super({ name, host: primary.host, port, args: [file, '--sentinel'], logFile });
    this.#dir = dir;
  }

  override async [Symbol.asyncDispose](): Promise<void> {
    await super[Symbol.asyncDispose]();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Starts one and waits until it answers PING. Fails with a `LaunchError`. */
export async function startSentinel(options: SentinelOptions): Promise<RedisSentinel> {
  return await startOnFreePort(undefined, freePort, (port) => new RedisSentinel(port, options));
}

function configuration(port: number, dir: string, options: SentinelOptions): string {
  const { primaryName, primary, quorum, downAfterMs } = options;
  return [
    `port ${port}`,
    `bind ${primary.host}`,
    'protected-mode no',
    `dir ${dir}`,
    `sentinel monitor ${primaryName} ${primary.host} ${primary.port} ${quorum}`,
    `sentinel down-after-milliseconds ${primaryName} ${downAfterMs}`,
    `sentinel failover-timeout ${primaryName} ${FAILOVER_TIMEOUT_MS}`,
    '',
  ].join('\n');
}
