import { Redis } from 'ioredis';
import { SkeinError } from '@skein/protocol';
import { jitter, systemRandom, type Clock, type Random } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import type { StoreOptions, StoreStatus } from '../cluster-store.ts';
import type { Script } from '../scripts/script.ts';

const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2000;
const CONNECT_TIMEOUT_MS = 2000;
const DEFAULT_COMMAND_TIMEOUT_MS = 1000;
/** Calls that may wait for Redis at once; one more fails with `UNAVAILABLE`. */
const MAX_IN_FLIGHT = 10_000;

export type Argument = string | number;
export type Command = readonly [name: string, ...args: Argument[]];

/** One connection to Redis. Its calls end within their deadline, whatever state Redis is in. */
export class RedisConnection {
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onStatus: ((status: StoreStatus) => void) | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #status: StoreStatus;
  /** Whether it was said that the first connection takes its time. */
  #waitTold = false;

  private constructor(redis: Redis, { clock, log = silentLogger, onStatus }: StoreOptions) {
    this.#redis = redis;
    this.#clock = clock;
    this.#log = log;
    this.#onStatus = onStatus;
    this.#status = { state: 'disconnected', sinceMs: clock.now() };
  }

  /** Resolves when Redis is there; rejects only with the reason of `signal`. */
  static async open(options: StoreOptions): Promise<RedisConnection> {
    options.signal?.throwIfAborted();
    const connection = new RedisConnection(openClient(options), options);
    try {
      await connection.#firstReady(options.signal);
      return connection;
    } catch (error) {
      connection.#redis.disconnect();
      throw error;
    }
  }

  get status(): StoreStatus {
    return this.#status;
  }

  /** Runs a script by its hash, and whole when the server doesn't know it. */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#bounded(async () => {
      const rest = [String(keys.length), ...keys, ...args] as const;
      try {
        return await this.#redis.call('EVALSHA', script.sha1, ...rest);
      } catch (error) {
        if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
        return await this.#redis.call('EVAL', script.lua, ...rest);
      }
    });
  }

  call([name, ...args]: Command): Promise<unknown> {
    return this.#bounded(() => this.#redis.call(name, ...args));
  }

  /** Sends all commands in one go. Fails when one of them does. */
  batch(commands: readonly Command[]): Promise<readonly unknown[]> {
    return this.#bounded(async () => {
      if (commands.length === 0) return [];
      const pipeline = this.#redis.pipeline();
      for (const [name, ...args] of commands) pipeline.call(name, ...args);
      const results = (await pipeline.exec()) ?? [];
      return results.map(([error, value]) => {
        if (error) throw error;
        return value;
      });
    });
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#redis.disconnect();
  }

  async #bounded<Value>(send: () => Promise<Value>): Promise<Value> {
    if (this.#status.state === 'disconnected' || this.#running.size >= MAX_IN_FLIGHT) {
      throw SkeinError.unavailable('the store');
    }
    const running = send();
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#running.delete(running);
    }
  }

  /** A script that fails is a bug; everything else is a store that can't serve now. */
  #explained(error: unknown): SkeinError {
    if (
      !(error instanceof Error) ||
      error.name !== 'ReplyError' ||
      !/^(ERR|WRONGTYPE)\b/.test(error.message)
    ) {
      return SkeinError.unavailable('the store', error);
    }
    this.#log.error({ err: error }, 'a script of the store failed');
    return new SkeinError('INTERNAL', 'the store could not carry that out; it was logged', { cause: error });
  }

  #firstReady(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#redis.on('error', (error: NodeJS.ErrnoException) => {
        if (!this.#waitTold)
          this.#log.warn({ code: error.code }, 'Redis cannot be reached; trying until it can');
        this.#log.debug({ err: error }, 'the Redis connection failed');
      });
      this.#redis.on('ready', () => {
        signal?.removeEventListener('abort', onAbort);
        this.#setStatus({ state: 'connected' });
        resolve();
      });
      this.#redis.on('close', () => this.#onClose());
      this.#redis.connect().catch(() => {
        // The client goes on trying by itself; 'ready' tells when it made it.
      });
    });
  }

  #onClose(): void {
    if (this.#status.state === 'connected') {
      this.#setStatus({ state: 'disconnected', sinceMs: this.#clock.now() });
    } else if (!this.#waitTold) {
      this.#onStatus?.(this.#status);
    }
    this.#waitTold = true;
  }

  #setStatus(status: StoreStatus): void {
    this.#status = status;
    this.#log.info({ state: status.state }, 'the Redis connection changed');
    this.#onStatus?.(status);
  }
}

function openClient({
  url,
  name,
  random = systemRandom,
  commandTimeoutMs = DEFAULT_COMMAND_TIMEOUT_MS,
}: StoreOptions): Redis {
  return new Redis(url, {
    ...(name !== undefined && { connectionName: name.replaceAll(/[^\w.:-]/g, '-') }),
    lazyConnect: true,
    protocol: 2,
    disableClientInfo: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    // A server that answers nothing for so long is left: what waits for it is then bounded, and calls fail at once.
    socketTimeout: commandTimeoutMs * 1.5,
    // A command that is sent again after a lost connection could be carried out twice.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => retryDelayMs(attempt, random),
  });
}

function retryDelayMs(attempt: number, random: Random): number {
  return jitter(Math.min(FIRST_RETRY_MS * 2 ** Math.min(attempt, 10), LONGEST_RETRY_MS), random);
}
