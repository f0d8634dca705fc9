import { Redis } from 'ioredis';
import { SkeinError } from '@skein/protocol';
import { Emitter, jitter, systemRandom, type Clock, type Random } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { Breaker } from '../breaker.ts';
import type { StoreOptions, StoreStatus } from '../cluster-store.ts';
import type { Script } from '../scripts/script.ts';

const FIRST_RETRY_MS = 50;
/** Short: when Redis is back, every process finds it within a second. */
const LONGEST_RETRY_MS = 600;
const CONNECT_TIMEOUT_MS = 2000;
const DEFAULT_COMMAND_TIMEOUT_MS = 1000;
/** Calls that may wait for Redis at once; one more fails with `UNAVAILABLE`. */
const MAX_IN_FLIGHT = 10_000;

export type Argument = string | number;
export type Command = readonly [name: string, ...args: Argument[]];

/** How soon a refused call is worth another try: about as long as finding a Redis that is back takes. */
const RETRY_AFTER_MS = 500;

export interface ConnectionEvents {
  /** Redis answers again after it did not. It may have lost what it had. */
  recovered: Record<never, never>;
}

/**
 * One connection to Redis. Its calls end within their deadline, whatever state Redis is in; once one had no answer, the
 * next ones fail at once, until Redis answers a probe or a new connection is made.
 */
export class RedisConnection {
  readonly events: Emitter<ConnectionEvents>;
  readonly #redis: Redis;
  readonly #clock: Clock;
  readonly #timeoutMs: number;
  readonly #breaker: Breaker;
  readonly #log: Logger;
  readonly #onStatus: ((status: StoreStatus) => void) | undefined;
  readonly #running = new Set<Promise<unknown>>();
  #status: StoreStatus;
  /** Whether it was said that the first connection takes its time. */
  #waitTold = false;

  private constructor(redis: Redis, options: StoreOptions) {
    const { clock, random = systemRandom, log = silentLogger } = options;
    this.#redis = redis;
    this.#clock = clock;
    this.#log = log;
    this.#timeoutMs = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
    this.#onStatus = options.onStatus;
    this.#status = { state: 'disconnected', sinceMs: clock.now() };
    this.events = new Emitter((error) => log.error({ err: error }, 'a listener of the store failed'));
    this.#breaker = new Breaker({
      ...{ clock, random },
      probe: () => this.#inTime(this.#redis.ping()),
      onClosed: () => this.#setStatus('connected', 'a probe was answered'),
    });
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
    this.#breaker.reset();
    this.events.clear();
    this.#redis.disconnect();
  }

  async #bounded<Value>(send: () => Promise<Value>): Promise<Value> {
    if (this.#status.state === 'disconnected' || this.#running.size >= MAX_IN_FLIGHT) throw unavailable();
    const running = this.#inTime(send());
    this.#running.add(running);
    try {
      return await running;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#running.delete(running);
    }
  }

  async #inTime<Value>(sent: Promise<Value>): Promise<Value> {
    let timer: Disposable | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = this.#clock.after(this.#timeoutMs, () => {
        reject(new Error(`Redis did not answer within ${this.#timeoutMs} ms`));
        this.#hangs();
      });
    });
    try {
      return await Promise.race([sent, late]);
    } finally {
      timer?.[Symbol.dispose]();
    }
  }

  #hangs(): void {
    if (this.#status.state === 'disconnected') return;
    this.#setStatus('disconnected', 'a call had no answer in time');
    this.#breaker.trip();
  }

  /** A script that fails is a bug; everything else is a store that can't serve now. */
  #explained(error: unknown): SkeinError {
    if (
      !(error instanceof Error) ||
      error.name !== 'ReplyError' ||
      !/^(ERR|WRONGTYPE)\b/.test(error.message)
    ) {
      return unavailable(error);
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
        this.#breaker.reset();
        this.#setStatus('connected', 'a connection was made');
        resolve();
      });
      this.#redis.on('close', () => this.#onClose());
      this.#redis.connect().catch(() => {
        // The client goes on trying by itself; 'ready' tells when it made it.
      });
    });
  }

  #onClose(): void {
    this.#breaker.reset();
    if (this.#status.state === 'connected') this.#setStatus('disconnected', 'the connection ended');
    else if (!this.#waitTold) this.#onStatus?.(this.#status);
    this.#waitTold = true;
  }

  #setStatus(state: StoreStatus['state'], reason: string): void {
    const from = this.#status.state;
    this.#status = { state, sinceMs: this.#clock.now() };
    this.#log.info({ from, to: state, reason }, 'the Redis connection changed');
    this.#onStatus?.(this.#status);
    if (state === 'connected') this.events.emit('recovered', {});
  }
}

function unavailable(cause?: unknown): SkeinError {
  return SkeinError.unavailable('the store', cause, RETRY_AFTER_MS);
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
