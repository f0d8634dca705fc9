import type { SkeinError } from '@skein/protocol';
import { Emitter, systemClock, systemRandom, withDeadline, type Clock, type Random } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { BoundedServer } from '../bounded-server.ts';
import type { Bus, BusStatus, BusSubscription } from '../bus.ts';
import { BusError } from '../errors.ts';
import { decodeData, decodeReply, encodeData, encodeEvent } from '../wire.ts';

export interface MemoryBusOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly log?: Logger;
  /** Longest payload, bytes. Default: that of a NATS server, 1 MiB. */
  readonly maxPayloadBytes?: number;
  /** Picks one of several servers of a subject. Default: the system's. */
  readonly random?: Random;
}

/** The server of an in-process bus. */
export interface MemoryBusHub {
  connect(name: string): Bus;
  /** While down, calls fail and messages are dropped. Subscriptions survive. */
  setDown(down: boolean): void;
}

/** A bus without a network. Messages travel as JSON and arrive asynchronously, in order, as over NATS. */
export function createMemoryBus(options: MemoryBusOptions = {}): MemoryBusHub {
  return new Hub(options);
}

/** The default of `max_payload`. */
const NATS_MAX_PAYLOAD_BYTES = 1024 * 1024;

interface Listener {
  readonly pattern: readonly string[];
  readonly deliver: (payload: string, subject: string) => void;
}

interface Server {
  readonly subject: string;
  readonly bounded: BoundedServer;
}

class Hub implements MemoryBusHub {
  readonly clock: Clock;
  readonly log: Logger;
  readonly maxPayloadBytes: number;
  readonly listeners = new Set<Listener>();
  readonly servers = new Set<Server>();
  readonly waiting = new Set<(lost: SkeinError) => void>();
  readonly events = new Emitter<{ recovered: Record<never, never> }>();
  status: BusStatus = { state: 'connected' };

  readonly #random: Random;

  constructor(options: MemoryBusOptions) {
    this.clock = options.clock ?? systemClock;
    this.log = options.log ?? silentLogger;
    this.maxPayloadBytes = options.maxPayloadBytes ?? NATS_MAX_PAYLOAD_BYTES;
    this.#random = options.random ?? systemRandom;
  }

  connect(): Bus {
    return new MemoryBus(this);
  }

  /** One server of the subject, as a NATS queue group picks it. */
  serverOf(subject: string): Server | undefined {
    const serving = [...this.servers].filter((one) => one.subject === subject);
    return serving[Math.floor(this.#random() * serving.length)];
  }

  setDown(down: boolean): void {
    this.status = down ? { state: 'disconnected', sinceMs: this.clock.now() } : { state: 'connected' };
    if (!down) return this.events.emit('recovered', {});
    for (const onLost of [...this.waiting]) onLost(BusError.unavailable());
  }
}

class MemoryBus implements Bus {
  readonly #hub: Hub;
  readonly #listeners = new Set<Listener>();
  readonly #servers = new Set<Server>();
  readonly #recoveries = new Set<Disposable>();
  #closedAtMs: number | undefined;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  get status(): BusStatus {
    return this.#closedAtMs === undefined
      ? this.#hub.status
      : { state: 'disconnected', sinceMs: this.#closedAtMs };
  }

  get maxPayloadBytes(): number {
    return this.#hub.maxPayloadBytes;
  }

  async request(subject: string, data: unknown, { deadlineMs }: { deadlineMs: number }): Promise<unknown> {
    const payload = encodeData(data, this.maxPayloadBytes);
    this.#checkUp();
    const server = this.#hub.serverOf(subject);
    if (!server) throw BusError.noPeer();
    const answered = new Promise<Uint8Array>((resolve) => {
      queueMicrotask(() => server.bounded.accept(text(payload), resolve));
    });
    return decodeReply(text(await this.#withDeadline(answered, deadlineMs)));
  }

  serve(
    subject: string,
    handler: (data: unknown) => Promise<unknown>,
    { maxInFlight }: { maxInFlight?: number } = {},
  ): BusSubscription {
    const onBug = (error: unknown): void => this.#hub.log.error({ err: error, subject }, 'a request failed');
    const maxAnswerBytes = (): number => this.maxPayloadBytes;
    const server: Server = {
      subject,
      bounded: new BoundedServer(handler, { maxInFlight, maxAnswerBytes, onBug }),
    };
    this.#hub.servers.add(server);
    this.#servers.add(server);
    return {
      close: () => {
        this.#hub.servers.delete(server);
        this.#servers.delete(server);
      },
    };
  }

  publish(subject: string, data: unknown): void {
    const payload = encodeEvent(data, this.maxPayloadBytes, (err) =>
      this.#hub.log.error({ err, subject }, 'a message was too large and was dropped'),
    );
    if (payload === undefined || this.status.state === 'disconnected') return;
    const tokens = subject.split('.');
    queueMicrotask(() => {
      for (const listener of [...this.#hub.listeners]) {
        if (matches(listener.pattern, tokens)) listener.deliver(text(payload), subject);
      }
    });
  }

  subscribe(subject: string, handler: (data: unknown, subject: string) => void): BusSubscription {
    const deliver = (payload: string, from: string): void => {
      try {
        handler(decodeData(payload), from);
      } catch (error) {
        this.#hub.log.error({ err: error, subject }, 'a message could not be handled');
      }
    };
    const listener: Listener = { pattern: subject.split('.'), deliver };
    this.#hub.listeners.add(listener);
    this.#listeners.add(listener);
    return {
      close: () => {
        this.#hub.listeners.delete(listener);
        this.#listeners.delete(listener);
      },
    };
  }

  async ensure(): Promise<void> {
    this.#checkUp();
  }

  async flush(): Promise<void> {
    this.#checkUp();
    await Promise.resolve();
  }

  onRecovered(listener: () => void): Disposable {
    const recovery = this.#hub.events.on('recovered', listener);
    this.#recoveries.add(recovery);
    return recovery;
  }

  async close(): Promise<void> {
    for (const recovery of this.#recoveries) recovery[Symbol.dispose]();
    const servers = [...this.#servers];
    for (const server of servers) this.#hub.servers.delete(server);
    await Promise.all(servers.map(({ bounded }) => bounded.idle()));
    for (const listener of this.#listeners) this.#hub.listeners.delete(listener);
    this.#closedAtMs ??= this.#hub.clock.now();
  }

  #checkUp(): void {
    if (this.status.state === 'disconnected') throw BusError.unavailable();
  }

  async #withDeadline<Value>(running: Promise<Value>, deadlineMs: number): Promise<Value> {
    let onLost: (lost: SkeinError) => void = () => {};
    const answered = new Promise<Value>((resolve, reject) => {
      onLost = reject;
      running.then(resolve, reject);
    });
    this.#hub.waiting.add(onLost);
    try {
      const late = (): SkeinError => BusError.noAnswer(deadlineMs);
      return await withDeadline(this.#hub.clock, deadlineMs, answered, late);
    } finally {
      this.#hub.waiting.delete(onLost);
    }
  }
}

function matches(pattern: readonly string[], tokens: readonly string[]): boolean {
  return (
    pattern.length === tokens.length && pattern.every((token, at) => token === '*' || token === tokens[at])
  );
}

function text(payload: Uint8Array): string {
  return new TextDecoder().decode(payload);
}
