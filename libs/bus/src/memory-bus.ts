import { SkeinError } from '@skein/protocol';
import { Emitter, systemClock, type Clock } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { BoundedServer } from './bounded-server.ts';
import type { Bus, BusStatus, BusSubscription } from './bus.ts';
import { decodeData, decodeReply, encodeData } from './wire.ts';

export interface MemoryBusOptions {
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Default: says nothing. */
  readonly log?: Logger;
}

/** The server's part of a bus inside one process; for tests. */
export interface MemoryBusHub {
  connect(name: string): Bus;
  /** Down: every connection is lost, calls fail, messages are dropped. Up again: subscriptions go on. */
  setDown(down: boolean): void;
}

/** A bus without a network: messages travel as JSON and arrive later, in order, as they do over NATS. */
export function createMemoryBus(options: MemoryBusOptions = {}): MemoryBusHub {
  return new Hub(options.clock ?? systemClock, options.log ?? silentLogger);
}

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
  readonly listeners = new Set<Listener>();
  readonly servers = new Set<Server>();
  readonly waiting = new Set<(lost: SkeinError) => void>();
  readonly events = new Emitter<{ recovered: Record<never, never> }>();
  status: BusStatus = { state: 'connected' };

  constructor(clock: Clock, log: Logger) {
    this.clock = clock;
    this.log = log;
  }

  connect(): Bus {
    return new MemoryBus(this);
  }

  setDown(down: boolean): void {
    this.status = down ? { state: 'disconnected', sinceMs: this.clock.now() } : { state: 'connected' };
    if (!down) return this.events.emit('recovered', {});
    for (const onLost of [...this.waiting]) onLost(SkeinError.unavailable('the bus'));
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

  async request(subject: string, data: unknown, { deadlineMs }: { deadlineMs: number }): Promise<unknown> {
    const payload = encodeData(data);
    this.#checkUp();
    const server = [...this.#hub.servers].find((one) => one.subject === subject);
    if (!server) throw SkeinError.unavailable('the peer');
    const answered = new Promise<string>((resolve) => {
      queueMicrotask(() => server.bounded.accept(payload, resolve));
    });
    return decodeReply(await this.#withDeadline(answered, deadlineMs));
  }

  serve(
    subject: string,
    handler: (data: unknown) => Promise<unknown>,
    { maxInFlight }: { maxInFlight?: number } = {},
  ): BusSubscription {
    const onBug = (error: unknown): void => this.#hub.log.error({ err: error, subject }, 'a request failed');
    const server: Server = { subject, bounded: new BoundedServer(handler, { maxInFlight, onBug }) };
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
    const payload = encodeData(data);
    if (this.status.state === 'disconnected') return;
    const tokens = subject.split('.');
    queueMicrotask(() => {
      for (const listener of [...this.#hub.listeners]) {
        if (matches(listener.pattern, tokens)) listener.deliver(payload, subject);
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
    if (this.status.state === 'disconnected') throw SkeinError.unavailable('the bus');
  }

  async #withDeadline<Value>(running: Promise<Value>, deadlineMs: number): Promise<Value> {
    let fail: (error: SkeinError) => void = () => {};
    const failed = new Promise<never>((_, reject) => (fail = reject));
    const onLost = (lost: SkeinError): void => fail(lost);
    using _timer = this.#hub.clock.after(deadlineMs, () => fail(SkeinError.deadline('the peer', deadlineMs)));
    this.#hub.waiting.add(onLost);
    try {
      return await Promise.race([running, failed]);
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
