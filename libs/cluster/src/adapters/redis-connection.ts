import type { ChainableCommander, Redis } from 'ioredis';
import { SkeinError } from '@skein/protocol';
import { Emitter, jitter, systemRandom, type Clock, type Random } from '@skein/runtime';
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
 * How often a server is asked whether it is still the primary: who only reads would not notice. It goes along with a call,
 * so that a process at rest does not wake for it; who asks nothing is told nothing that is wrong.
 */
const LOOK_EVERY_MS = 1000;
/** After which a client that has given up is told to go on. */
const REVIVE_AFTER_MS = 200;
/** Calls that may wait for Redis at once; one more fails with `UNAVAILABLE`. */
const MAX_IN_FLIGHT = 10_000;

export type Argument = string | number | Buffer;
export type Command = readonly [name: string, ...args: Argument[]];

/** How soon a refused call is worth another try: about as long as finding a Redis that is back takes. */
const RETRY_AFTER_MS = 500;

export interface ConnectionEvents {
  /** Redis answers again after it did not, or another one does. */
  recovered: StoreRecovery;
}

/**
 * One connection to the Redis that is the primary. Its calls end within their deadline, whatever state Redis is in; once
 * one had no answer, the next ones fail at once, until Redis answers a probe or a new connection is made. A server that
 * is not the primary any more is left at once.
 */
export class RedisConnection {
  readonly events: Emitter<ConnectionEvents>;
  readonly #client: RedisClient;
  readonly #redis: Redis;
  readonly #options: StoreOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timeoutMs: number;
  readonly #breaker: Breaker;
  readonly #log: Logger;
  readonly #trouble: RedisTroubleLog;
  readonly #onStatus: ((status: StoreStatus) => void) | undefined;
  readonly #running = new Set<Promise<unknown>>();
  readonly #storeClock = new StoreClock();
  #status: StoreStatus;
  /** Of the data, as last seen; `undefined` before that, and where servers do not say. */
  #historyId: string | undefined;
  /** Never while a look is under way. */
  #nextLookMs = Infinity;
  #revival: Disposable | undefined;
  #givingUp: Disposable | undefined;
  #closed = false;
  /** Whether it was said that the first connection takes its time. */
  #waitTold = false;

  private constructor(client: RedisClient, options: StoreOptions) {
    const { clock, random = systemRandom, log = silentLogger } = options;
    this.#client = client;
    this.#redis = client.redis;
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
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

  /** Resolves when Redis is there; rejects only with the reason of `signal`. */
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
   * Runs a script by its hash, and whole when the server doesn't know it. One that expires either runs before this call
   * fails for want of an answer, or never.
   */
  run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<unknown> {
    return this.#bounded(() =>
      script.expires ? this.#evaluateInTime(script, keys, args) : this.#evaluate(script, keys, args),
    );
  }

  /** A clock that went ahead makes a call expire that has all its time left: such a one is sent again. */
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
      if (nowMs >= givenUpMs) throw new Error('the store got to it too late, and did not carry it out');
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
   * The same for reads that stand for themselves, with bytes for text: a command that the server refuses because of what a
   * key holds gives the error in its place.
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
    if (this.#clock.monotonicMs() >= this.#nextLookMs) void this.#lookAgain();
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
      timer = afterAwake(this.#clock, this.#timeoutMs, () => {
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
    const reason = 'a call had no answer in time';
    // A primary that hangs is replaced, and takes itself for the primary still when it goes on.
    if (this.#client.address.kind === 'sentinels') return this.#leave(reason);
    this.#setStatus('disconnected', reason);
    this.#breaker.trip();
    // What waits for a server that stays silent is bounded so, and a connection that has broken unseen is replaced.
    this.#givingUp?.[Symbol.dispose]();
    this.#givingUp = afterAwake(this.#clock, this.#timeoutMs / 2, () => {
      if (this.#breaker.open) this.#redis.disconnect(true);
    });
  }

  /** Gives the connection up at once. The client makes another one, to the server that is the primary then. */
  #leave(reason: string): void {
    this.#client.left++;
    if (this.#status.state === 'connected') this.#setStatus('disconnected', reason);
    else if (this.#client.left === 1) this.#log.warn({ reason }, 'Redis cannot serve; trying until it can');
    this.#log.debug({ reason, left: this.#client.left }, 'a connection to Redis was given up');
    this.#redis.disconnect(true);
  }

  /** A script that fails is a bug; everything else is a store that can't serve now. */
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
    return new SkeinError('INTERNAL', 'the store could not carry that out; it was logged', { cause: error });
  }

  #firstReady(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const onAbort = (): void => reject(signal?.reason as Error);
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#redis.on('error', (error: NodeJS.ErrnoException) => {
        this.#trouble.tell(error, { waits: !this.#waitTold });
        // The client would go on, with the first database.
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
        // The client goes on trying by itself; 'ready' tells when it made it.
      });
    });
  }

  /** A new connection serves once its server has said that it is the primary. Never rejects. */
  async #admit(): Promise<boolean> {
    const { stream } = this.#redis;
    this.#storeClock.forget();
    const seen = await this.#look(() => checkNewPrimary(this.#client, this.#options));
    // It may have ended meanwhile, and another one begun.
    if (this.#redis.stream !== stream || this.#redis.status !== 'ready') return false;
    if (seen.kind === 'notPrimary') {
      this.#leave(seen.reason);
      return false;
    }
    this.#client.left = 0;
    this.#waitTold = true;
    this.#trouble.over();
    this.#breaker.reset();
    // A server that hides its history may have another one each time.
    const fellBack = seen.historyId === undefined || this.#isOtherHistory(seen.historyId);
    this.#serves('a connection was made', { fellBack });
    this.#lookLater();
    return true;
  }

  #lookLater(): void {
    this.#nextLookMs = this.#clock.monotonicMs() + jitter(LOOK_EVERY_MS, this.#random);
  }

  /** Also one address may lead elsewhere from one moment to the next, behind a proxy without the connection ending. */
  async #lookAgain(): Promise<void> {
    const { stream } = this.#redis;
    this.#nextLookMs = Infinity;
    const seen = await this.#look(() => checkPrimary(this.#redis));
    // A later connection is looked at by itself.
    if (this.#redis.stream !== stream || this.#redis.status !== 'ready') return;
    this.#lookLater();
    if (this.#status.state === 'disconnected') return;
    if (seen.kind === 'notPrimary') this.#leave(seen.reason);
    else if (this.#isOtherHistory(seen.historyId)) this.events.emit('recovered', { fellBack: true });
  }

  async #look(look: () => Promise<Seen>): Promise<Seen> {
    try {
      const [seen] = await this.#inTime(Promise.all([look(), this.#readClock()]));
      return seen;
    } catch (error) {
      this.#log.debug({ err: error }, 'Redis did not say whether it is the primary');
      return { kind: 'notPrimary', reason: 'the server did not say whether it is the primary' };
    }
  }

  /** Each time anew: two clocks drift by seconds a day. */
  async #readClock(): Promise<void> {
    const { stream } = this.#redis;
    // Without an answer a call's own deadline is refused once, and the refusal tells the time.
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
    else if (!this.#waitTold) this.#onStatus?.(this.#status);
    this.#waitTold = true;
  }

  /** The client gives up for good when it hears of a failover while it asks the sentinels where to connect to. */
  #onEnd(): void {
    if (this.#closed) return;
    this.#log.info({}, 'the Redis client gave up; connecting anew');
    this.#revival = this.#clock.after(jitter(REVIVE_AFTER_MS, this.#random, 0.5), () => {
      // What fails ends again, or is tried again by the client.
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
    this.#log.info({ from, to: state, reason }, 'the Redis connection changed');
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
