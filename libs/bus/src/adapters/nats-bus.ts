import { connect, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { limits, type SkeinError } from '@skein/protocol';
import {
  backoff,
  ConfigError,
  Emitter,
  endsWithin,
  systemRandom,
  withDeadline,
  type Backoff,
  type Clock,
} from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { BoundedServer } from '../bounded-server.ts';
import type { Bus, BusStatus, BusSubscription } from '../bus.ts';
import { BusError } from '../errors.ts';
import { OutboundWindow } from '../outbound-window.ts';
import { Silence } from '../silence.ts';
import { decodeData, decodeReply, encodeData, encodeEvent } from '../wire.ts';
import type { BusOptions } from './bus-options.ts';
import { fromNatsError } from './nats-errors.ts';
import { connectionOptions } from './nats-options.ts';
import { natsServersAt } from './nats-servers.ts';
import { isLoginTrouble, TroubleLog } from './nats-trouble.ts';
import { requestSpan, traceHeaders, withTraceOf } from './trace-headers.ts';

/** Short, so that every process finds a recovered NATS within about a second. */
const RETRY = { firstMs: 100, maxMs: 1000, jitter: 0.2 };
const CLOSE_DEADLINE_MS = 3000;
/** A request that waits longer than this checks whether the server hangs. */
const SUSPECT_AFTER_MS = 600;
/** For a server that does not state its own. */
const DEFAULT_MAX_PAYLOAD_BYTES = 1024 * 1024;
/** Kept free for the headers, which carry the trace. */
const HEADER_BYTES = 4 * 1024;
const MIN_PAYLOAD_BYTES = limits.busMessageBytes - HEADER_BYTES;
/** The queue group: one server of a subject answers each request. */
const SERVERS = 'servers';

/**
 * Connects to NATS. Retries with a bounded, jittered backoff until the server is there or `signal` is aborted; once connected,
 * reconnects for ever. An absent server is no failure. Fails with a `ConfigError` when the server's `max_payload` is below `limits.busMessageBytes`.
 */
export async function connectBus(options: BusOptions): Promise<Bus> {
  const { url, name, clock, random = systemRandom, log = silentLogger, signal, onStatus } = options;
  const sinceMs = clock.now();
  const servers = typeof url === 'string' ? natsServersAt(url) : url;
  const trouble = new TroubleLog(log);
  const retryDelayMs = backoff({ ...RETRY, random });
  for (let failures = 1; ; failures++) {
    signal?.throwIfAborted();
    const handshake = { secured: false };
    try {
      const reconnects = new Reconnects(retryDelayMs);
      const connection = await connect(connectionOptions(servers, name, () => reconnects.delayMs, handshake));
      if (signal?.aborted) {
        await connection.close();
        signal.throwIfAborted();
      }
      await refuseSmallPayload(connection);
      trouble.clear();
      return new NatsBus(connection, { clock, log, onStatus, reconnects, trouble });
    } catch (error) {
      signal?.throwIfAborted();
      if (error instanceof ConfigError) throw error;
      if (failures === 1) onStatus?.({ state: 'disconnected', sinceMs });
      trouble.report(error, handshake);
      await clock.sleep(retryDelayMs(failures), signal);
    }
  }
}

/** `max_payload` counts headers too. */
function payloadBytesOf(connection: NatsConnection): number {
  return (connection.info?.max_payload ?? DEFAULT_MAX_PAYLOAD_BYTES) - HEADER_BYTES;
}

async function refuseSmallPayload(connection: NatsConnection): Promise<void> {
  if (payloadBytesOf(connection) >= MIN_PAYLOAD_BYTES) return;
  const has = connection.info?.max_payload ?? 0;
  await connection.close();
  throw ConfigError.unworkable(
    'SKEIN_NATS_URL',
    undefined,
    `the NATS server takes messages of ${has} bytes; set its max_payload to ${limits.busMessageBytes} or more`,
  );
}

/** The backoff of the running reconnection. The client reads it more than once per attempt. */
class Reconnects {
  readonly #backoff: Backoff;
  #failures = 0;
  #delayMs = 0;

  constructor(retryDelayMs: Backoff) {
    this.#backoff = retryDelayMs;
  }

  get delayMs(): number {
    return this.#delayMs;
  }

  tried(): void {
    this.#delayMs = this.#backoff(++this.#failures);
  }

  succeeded(): void {
    this.#failures = 0;
    this.#delayMs = 0;
  }
}

interface NatsBusDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly onStatus: ((status: BusStatus) => void) | undefined;
  readonly reconnects: Reconnects;
  readonly trouble: TroubleLog;
}

class NatsBus implements Bus {
  readonly #nats: NatsConnection;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #onStatus: ((status: BusStatus) => void) | undefined;
  readonly #reconnects: Reconnects;
  readonly #trouble: TroubleLog;
  readonly #window: OutboundWindow;
  readonly #silence: Silence;
  readonly #waiting = new Set<(lost: SkeinError) => void>();
  readonly #servers = new Map<BusSubscription, BoundedServer>();
  readonly #events: Emitter<{ recovered: Record<never, never> }>;
  #status: BusStatus = { state: 'connected' };
  #closed: Promise<void> | undefined;

  constructor(nats: NatsConnection, { clock, log, onStatus, reconnects, trouble }: NatsBusDeps) {
    this.#nats = nats;
    this.#clock = clock;
    this.#log = log;
    this.#onStatus = onStatus;
    this.#reconnects = reconnects;
    this.#trouble = trouble;
    this.#events = new Emitter((error) => log.error({ err: error }, 'a listener of the bus failed'));
    this.#window = new OutboundWindow(() => this.#orLost(nats.flush()));
    this.#silence = new Silence({
      clock,
      ask: () => this.#orLost(nats.flush()),
      onSilent: () => this.#leave(),
    });
    onStatus?.(this.#status);
    this.#watch().catch((error: unknown) =>
      log.error({ err: error }, 'the NATS connection is no longer watched'),
    );
  }

  get status(): BusStatus {
    return this.#status;
  }

  get maxPayloadBytes(): number {
    return payloadBytesOf(this.#nats);
  }

  request(subject: string, data: unknown, { deadlineMs }: { deadlineMs: number }): Promise<unknown> {
    return requestSpan(subject, 'client', () => this.#request(subject, data, deadlineMs));
  }

  async #request(subject: string, data: unknown, deadlineMs: number): Promise<unknown> {
    const payload = encodeData(data, this.maxPayloadBytes);
    this.#take(subject, payload);
    let reply: string;
    using _suspicion = this.#clock.after(SUSPECT_AFTER_MS, () => void this.ensure().catch(() => {}));
    try {
      const options = { timeout: deadlineMs, ...traceHeaders() };
      const answered = this.#nats.request(subject, payload, options);
      this.#window.sent();
      reply = (await this.#orLost(answered)).string();
      this.#silence.heard();
    } catch (error) {
      throw fromNatsError(error, subject, deadlineMs);
    }
    return decodeReply(reply);
  }

  serve(
    subject: string,
    handler: (data: unknown) => Promise<unknown>,
    { maxInFlight }: { maxInFlight?: number } = {},
  ): BusSubscription {
    const onBug = (error: unknown): void => this.#log.error({ err: error, subject }, 'a request failed');
    const traced = (data: unknown): Promise<unknown> => requestSpan(subject, 'server', () => handler(data));
    const maxAnswerBytes = (): number => this.maxPayloadBytes;
    const server = new BoundedServer(traced, { maxInFlight, maxAnswerBytes, onBug });
    const subscription = this.#nats.subscribe(subject, {
      queue: SERVERS,
      callback: (error, message) => {
        if (error) this.#log.error({ err: error, subject }, 'the subscription failed');
        else withTraceOf(message.headers, () => this.#accept(server, message));
      },
    });
    const served: BusSubscription = {
      close: () => {
        subscription.unsubscribe();
        this.#servers.delete(served);
      },
    };
    this.#servers.set(served, server);
    return served;
  }

  #accept(server: BoundedServer, message: Msg): void {
    server.accept(message.string(), (answer) => void message.respond(answer));
  }

  publish(subject: string, data: unknown): void {
    const payload = encodeEvent(data, this.maxPayloadBytes, (err) =>
      this.#log.error({ err, subject }, 'a message was too large and was dropped'),
    );
    if (!payload) return;
    try {
      this.#take(subject, payload);
      this.#nats.publish(subject, payload);
      this.#window.sent();
    } catch (error) {
      this.#log.debug({ err: error, subject }, 'a message was dropped');
    }
  }

  subscribe(subject: string, handler: (data: unknown, subject: string) => void): BusSubscription {
    const subscription = this.#nats.subscribe(subject, {
      callback: (failed, message) => {
        this.#silence.heard();
        try {
          if (failed) throw failed;
          handler(decodeData(message.string()), message.subject);
        } catch (error) {
          this.#log.error({ err: error, subject }, 'a message could not be handled');
        }
      },
    });
    return { close: () => subscription.unsubscribe() };
  }

  async ensure(): Promise<void> {
    if (this.#status.state === 'disconnected') throw BusError.unavailable();
    await this.#silence.check();
  }

  async flush({ deadlineMs }: { deadlineMs: number }): Promise<void> {
    if (this.#status.state === 'disconnected') throw BusError.unavailable();
    const late = (): SkeinError => BusError.notFlushed(deadlineMs);
    try {
      await withDeadline(this.#clock, deadlineMs, this.#orLost(this.#nats.flush()), late);
    } catch (error) {
      throw fromNatsError(error, 'flush', deadlineMs);
    }
  }

  onRecovered(listener: () => void): Disposable {
    return this.#events.on('recovered', listener);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    this.#events.clear();
    const servers = [...this.#servers];
    for (const [subscription] of servers) subscription.close();
    const answered = Promise.all(servers.map(([, server]) => server.idle()));
    await endsWithin(this.#clock, CLOSE_DEADLINE_MS, answered);
    // The last answers are still in the send buffer.
    await this.flush({ deadlineMs: CLOSE_DEADLINE_MS }).catch(() => {});
    await this.#nats.close();
  }

  /** Counts a message against the window. Fails `UNAVAILABLE` while the bus is down, or when the window is full. */
  #take(subject: string, payload: Uint8Array): void {
    const down = this.#status.state === 'disconnected' || this.#nats.isClosed();
    if (down || !this.#window.take(subject.length + payload.length)) throw BusError.unavailable();
  }

  /** Fails when the connection is lost first: NATS drops the answers that were in flight. */
  async #orLost<Value>(running: Promise<Value>): Promise<Value> {
    let onLost: (lost: SkeinError) => void = () => {};
    const lost = new Promise<never>((_, reject) => (onLost = reject));
    this.#waiting.add(onLost);
    try {
      return await Promise.race([running, lost]);
    } finally {
      this.#waiting.delete(onLost);
      running.catch(() => {});
    }
  }

  async #watch(): Promise<void> {
    for await (const status of this.#nats.status()) {
      switch (status.type) {
        case 'disconnect':
          this.#onLost();
          break;
        case 'reconnecting':
          this.#reconnects.tried();
          break;
        case 'reconnect':
          this.#reconnects.succeeded();
          this.#trouble.clear();
          this.#checkPayload();
          this.#setStatus({ state: 'connected' });
          break;
        case 'error':
          // The client repeats it at every attempt; log it once.
          if (isLoginTrouble(status.error)) this.#trouble.report(status.error);
          else this.#log.warn({ err: status.error }, 'NATS reported an error');
          break;
        default:
          break;
      }
    }
    this.#onLost();
  }

  /** A server reached later may take less: calls continue, and larger messages fail `MESSAGE_TOO_LARGE`. */
  #checkPayload(): void {
    const { maxPayloadBytes } = this;
    if (maxPayloadBytes < MIN_PAYLOAD_BYTES)
      this.#log.error(
        { maxPayloadBytes, minPayloadBytes: MIN_PAYLOAD_BYTES },
        'max_payload of NATS is too small',
      );
  }

  /** Drops the connection; the client reconnects as after any loss. */
  #leave(): void {
    this.#log.warn({}, 'NATS does not answer; reconnecting');
    void this.#nats.reconnect();
  }

  #onLost(): void {
    if (this.#status.state === 'connected')
      this.#setStatus({ state: 'disconnected', sinceMs: this.#clock.now() });
    for (const onLost of [...this.#waiting]) onLost(BusError.unavailable());
  }

  #setStatus(status: BusStatus): void {
    if (status.state === this.#status.state) return;
    this.#status = status;
    const event = status.state === 'connected' ? 'nats.connected' : 'nats.disconnected';
    this.#log.info({ event, state: status.state }, 'the NATS connection changed');
    this.#onStatus?.(status);
    if (status.state === 'connected') this.#events.emit('recovered', {});
  }
}
