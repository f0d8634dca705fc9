import type { ChainableCommander, Redis } from 'ioredis';
import { SkeinError } from '@skein/protocol';
import {
  Emitter,
  jitter,
  systemRandom,
  withDeadline,
  type Clock,
  type DeadlineTimer,
  type Random,
} from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { afterAwake } from '../connection/awake-timer.ts';
import { Breaker } from '../connection/breaker.ts';
import type { StoreOptions, StoreStatus } from '../store/cluster-store.ts';
import { notPrimaryBecause } from '../connection/replication.ts';
import type { StoreRecovery } from '../store/room-store.ts';
import { EXPIRED, type Script } from '../scripts/script.ts';
import { StoreClock } from '../connection/store-clock.ts';
import { checkNewPrimary, checkPrimary, type Seen } from './primary-check.ts';
import { isDatabaseTrouble, RedisTroubleLog } from './redis-trouble.ts';
import { createClient, DEFAULT_COMMAND_TIMEOUT_MS, type RedisClient } from './redis-client.ts';

/**
 * How often a server is checked to be still the primary, which a process that only reads would not notice. Checks run beside
 * calls: an idle process does not wake for them, and reads nothing stale.
 */
const CHECK_EVERY_MS = 1000;
/** Pause before a client that has given up is restarted. */
const REVIVE_AFTER_MS = 200;
/** Calls that may wait for Redis at the same time; further ones fail with `UNAVAILABLE`. */
const MAX_IN_FLIGHT = 10_000;

export type Argument = string | number | Buffer;
export type Command = readonly [name: string, ...args: Argument[]];

/** Retry hint of a refused call: about as long as it takes to find a Redis that is back. */
const RETRY_AFTER_MS = 500;

export interface ConnectionEvents {
  /** Redis answers again after it did not, or another one does. */
  recovered: StoreRecovery;
}

/**
 * One connection to the primary Redis. Calls end within their deadline, whatever state Redis is in; after one without an
 * answer, the next ones fail at once until Redis answers a probe or a new connection is made. A server that is no longer
 * the primary is left at once.
 */
export class RedisConnection {
  readonly events: Emitter<ConnectionEvents>;
  readonly #client: RedisClient;
  readonly #redis: Redis;
  readonly #options: StoreOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timeoutMs: number;
  /** Deadlines that do not count pauses of this process. */
  readonly #awake: DeadlineTimer;
  readonly #breaker: Breaker;
  readonly #log: Logger;
  readonly #trouble: RedisTroubleLog;
  readonly #onStatus: ((status: StoreStatus) => void) | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #storeClock = new StoreClock();
  #status: StoreStatus;
  /** The history of the data, as last read; `undefined` before that, and where servers do not tell. */
  #historyId: string | undefined;
  /** Infinity while a check runs. */
  #nextCheckMs = Infinity;
  #revival: Disposable | undefined;
  #givingUp: Disposable | undefined;
  #closed = false;
  /** Whether the wait for the first connection was logged. */
  #waitLogged = false;

  private constructor(client: RedisClient, options: StoreOptions) {
    const { clock, random = systemRandom, log = silentLogger } = options;
    this.#client = client;
    this.#redis = client.redis;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
    this.#awake = { after: (ms, task) => afterAwake(clock, ms, task) };
    this.#log = log;
    this.#trouble = new RedisTroubleLog(log);
    this.#timeoutMs = options.commandTimeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
    this.#onStatus = options.onStatus;
    this.#status = { state: 'disconnected', sinceMs: clock.now() };
    this.events = new Emitter((error) => log.error({ err: error }, 'a listener of the store failed'));
    this.#breaker = new Breaker({
      ...{ clock, random },
      probe: () => this.#inTime(this.#redis.ping()),
      onClosed: () => this.#serves('a probe was answered', { fellBack: false }),
    });
  }

  /** Resolves when Redis answers; rejects only with the reason of `signal`. */
  static async open(options: StoreOptions, client = createClient(options)): Promise<RedisConnection> {
    options.signal?.throwIfAborted();
    const connection = new RedisConnection(client, options);
    try {
      await connection.#firstReady(options.signal);
      return connection;
    } catch (error) {
      connection.#end();
      throw error;
    }
  }

  get status(): StoreStatus {
    return this.#status;
  }

  /**
   * Runs a script by its hash, or whole when the server does not know it. A script that expires runs before this call fails
   * without an answer, or never.
   */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#bounded(() =>
      script.expires ? this.#evaluateInTime(script, keys, args) : this.#evaluate(script, keys, args),
    );
  }

  /** A clock that jumped ahead makes a call expire early: it is sent again. */
  async #evaluateInTime(
    script: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<unknown> {
    const givenUpMs = this.#clock.monotonicMs() + this.#timeoutMs;
    for (;;) {
      const deadlineUs = this.#storeClock.storeUs(givenUpMs);
      const reply = await this.#evaluate(script, keys, [...args, deadlineUs]);
      if (!Array.isArray(reply) || reply[0] !== EXPIRED) return reply;
      const nowMs = this.#clock.monotonicMs();
      this.#storeClock.learn(Number(reply[1]), nowMs);
      if (nowMs >= givenUpMs) throw new Error('the store read the call too late and did not run it');
    }
  }

  async #evaluate(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    const rest = [String(keys.length), ...keys, ...args] as const;
    try {
      return await this.#redis.call('EVALSHA', script.sha1, ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return await this.#redis.call('EVAL', script.lua, ...rest);
    }
  }

  call([name, ...args]: Command): Promise<unknown> {
    return this.#bounded(() => this.#redis.call(name, ...args));
  }

  /** Sends all commands in one go. Fails when one of them does. */
  batch(commands: readonly Command[]): Promise<readonly unknown[]> {
    return this.#bounded(async () => {
      const results = await this.#pipelined(commands, (pipeline, [name, ...args]) =>
        pipeline.call(name, ...args),
      );
      for (const result of results) if (result instanceof Error) throw result;
      return results;
    });
  }

  /**
   * The same for independent reads, with bytes for text: a command that fails because of a key's type gives the error in its
   * place.
   */
  readEach(commands: readonly Command[]): Promise<readonly unknown[]> {
    return this.#bounded(async () => {
      const results = await this.#pipelined(commands, (pipeline, [name, ...args]) =>
        pipeline.callBuffer(name, ...args),
      );
      for (const result of results) if (result instanceof Error && !isWrongType(result)) throw result;
      return results;
    });
  }

  async #pipelined(
    commands: readonly Command[],
    add: (pipeline: ChainableCommander, command: Command) => unknown,
  ): Promise<readonly unknown[]> {
    if (commands.length === 0) return [];
    const pipeline = this.#redis.pipeline();
    for (const command of commands) add(pipeline, command);
    const results = (await pipeline.exec()) ?? [];
    return results.map(([error, value]) => error ?? value);
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.#running);
    this.#breaker.reset();
    this.events.clear();
    this.#end();
  }

  #end(): void {
    this.#closed = true;
    this.#revival?.[Symbol.dispose]();
    this.#givingUp?.[Symbol.dispose]();
    this.#redis.disconnect();
  }

  async #bounded<Value>(send: () => Promise<Value>): Promise<Value> {
    if (this.#status.state === 'disconnected' || this.#running.size >= MAX_IN_FLIGHT) throw unavailable();
    const running = this.#inTime(send());
    this.#running.add(running);
    if (this.#clock.monotonicMs() >= this.#nextCheckMs) void this.#checkAgain();
    try {
      return await running;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      this.#running.delete(running);
    }
  }

  async #inTime<Value>(sent: Promise<Value>): Promise<Value> {
    return await withDeadline(this.#awake, this.#timeoutMs, sent, () => {
      this.#hangs();
      return new Error(`Redis did not answer within ${this.#timeoutMs} ms`);
    });
  }

  #hangs(): void {
    if (this.#status.state === 'disconnected') return;
    const reason = 'a call had no answer in time';
    // A primary that hangs is replaced, and still believes to be the primary when it continues.
    if (this.#client.address.kind === 'sentinels') return this.#leave(reason);
    this.#setStatus('disconnected', reason);
    this.#breaker.trip();
    // Bounds the wait for a silent server, and replaces a connection that broke unnoticed.
    this.#givingUp?.[Symbol.dispose]();
    this.#givingUp = afterAwake(this.#clock, this.#timeoutMs / 2, () => {
      if (this.#breaker.open) this.#redis.disconnect(true);
    });
  }

  /** Drops the connection at once. The client makes another one, to the server that is the primary then. */
  #leave(reason: string): void {
    this.#client.left++;
    if (this.#status.state === 'connected') this.#setStatus('disconnected', reason);
    else if (this.#client.left === 1) this.#log.warn({ reason }, 'Redis cannot serve; retrying');
    this.#log.debug({ reason, left: this.#client.left }, 'a connection to Redis was dropped');
    this.#redis.disconnect(true);
  }

  /** A failing script is a bug; every other error means that the store cannot serve now. */
  #explained(error: unknown): SkeinError {
    const leaveBecause = error instanceof Error ? notPrimaryBecause(error.message) : undefined;
    if (leaveBecause !== undefined) {
      if (this.#status.state === 'connected') this.#leave(leaveBecause);
      return unavailable(error);
    }
    if (
      !(error instanceof Error) ||
      error.name !== 'ReplyError' ||
      !/^(ERR|WRONGTYPE)\b/.test(error.message)
    ) {
      return unavailable(error);
    }
    this.#log.error({ err: error }, 'a script of the store failed');
    return new SkeinError('INTERNAL', 'a script of the store failed (logged)', { cause: error });
  }

  #firstReady(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#redis.on('error', (error: NodeJS.ErrnoException) => {
        this.#trouble.report(error, { waits: !this.#waitLogged });
        // The client would continue with the first database.
        if (isDatabaseTrouble(error)) this.#leave('the database is none of the server');
      });
      this.#redis.on('ready', () => {
        void this.#admit().then((admitted) => {
          if (!admitted) return;
          signal?.removeEventListener('abort', onAbort);
          resolve();
        });
      });
      this.#redis.on('close', () => this.#onClose());
      this.#redis.on('end', () => this.#onEnd());
      this.#redis.connect().catch(() => {
        // The client keeps trying; 'ready' follows its success.
      });
    });
  }

  /** A new connection serves once its server reports to be the primary. Never rejects. */
  async #admit(): Promise<boolean> {
    const { stream } = this.#redis;
    this.#storeClock.forget();
    const seen = await this.#check(() => checkNewPrimary(this.#client, this.#options));
    // The connection may have been replaced meanwhile.
    if (this.#redis.stream !== stream || this.#redis.status !== 'ready') return false;
    if (seen.kind === 'notPrimary') {
      this.#leave(seen.reason);
      return false;
    }
    this.#client.left = 0;
    this.#waitLogged = true;
    this.#trouble.over();
    this.#breaker.reset();
    // A server that hides its history may have changed it.
    const fellBack = seen.historyId === undefined || this.#isOtherHistory(seen.historyId);
    this.#serves('a connection was made', { fellBack });
    this.#checkLater();
    return true;
  }

  #checkLater(): void {
    this.#nextCheckMs = this.#clock.monotonicMs() + jitter(CHECK_EVERY_MS, this.#random);
  }

  /** Behind a proxy, an address may lead to another server without the connection ending. */
  async #checkAgain(): Promise<void> {
    const { stream } = this.#redis;
    this.#nextCheckMs = Infinity;
    const seen = await this.#check(() => checkPrimary(this.#redis));
    // A later connection has its own check.
    if (this.#redis.stream !== stream || this.#redis.status !== 'ready') return;
    this.#checkLater();
    if (this.#status.state === 'disconnected') return;
    if (seen.kind === 'notPrimary') this.#leave(seen.reason);
    else if (this.#isOtherHistory(seen.historyId)) this.events.emit('recovered', { fellBack: true });
  }

  async #check(look: () => Promise<Seen>): Promise<Seen> {
    try {
      const [seen] = await this.#inTime(Promise.all([look(), this.#readClock()]));
      return seen;
    } catch (error) {
      this.#log.debug({ err: error }, 'Redis did not report whether it is the primary');
      return { kind: 'notPrimary', reason: 'the server did not report whether it is the primary' };
    }
  }

  /** Read with each check: two clocks drift by seconds a day. */
  async #readClock(): Promise<void> {
    const { stream } = this.#redis;
    // Without an answer, the first call expires, and its refusal has the time.
    const [seconds, microseconds] = await this.#redis.time().catch(() => []);
    if (microseconds === undefined || this.#redis.stream !== stream) return;
    this.#storeClock.learn(Number(seconds) * 1_000_000 + Number(microseconds), this.#clock.monotonicMs());
  }

  #isOtherHistory(historyId: string | undefined): boolean {
    const before = this.#historyId;
    this.#historyId = historyId ?? before;
    return before !== undefined && this.#historyId !== before;
  }

  #onClose(): void {
    this.#breaker.reset();
    this.#givingUp?.[Symbol.dispose]();
    if (this.#status.state === 'connected') this.#setStatus('disconnected', 'the connection ended');
    else if (!this.#waitLogged) this.#onStatus?.(this.#status);
    this.#waitLogged = true;
  }

  /** The client gives up for good when it hears of a failover while it asks the sentinels for the primary. */
  #onEnd(): void {
    if (this.#closed) return;
    this.#log.info({ event: 'redis.client-restarted' }, 'the Redis client gave up; connecting again');
    this.#revival = this.#clock.after(jitter(REVIVE_AFTER_MS, this.#random, 0.5), () => {
      // A failure ends again, or the client retries.
      this.#redis.connect().catch(() => {});
    });
  }

  #serves(reason: string, recovery: StoreRecovery): void {
    this.#setStatus('connected', reason);
    this.events.emit('recovered', recovery);
  }

  #setStatus(state: StoreStatus['state'], reason: string): void {
    const from = this.#status.state;
    this.#status = { state, sinceMs: this.#clock.now() };
    this.#log.info(
      { event: 'redis.status-changed', from, to: state, reason },
      'the Redis connection changed',
    );
    this.#onStatus?.(this.#status);
  }
}

function unavailable(cause?: unknown): SkeinError {
  return SkeinError.unavailable('the store', cause, RETRY_AFTER_MS);
}

/** Whether a command failed because its key holds another kind of value. */
export function isWrongType(result: unknown): boolean {
  return result instanceof Error && /\bWRONGTYPE\b/.test(result.message);
}
