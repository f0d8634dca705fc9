import type { Clock } from '@skein/runtime';
import type { SignalingConnection } from './connection.ts';
import { heartbeatDeadlineMs, type RoundTrip } from './link-times.ts';

export interface HeartbeatDeps {
  readonly clock: Clock;
  readonly connection: SignalingConnection;
  readonly roundTrip: RoundTrip;
  /** The gateway has not answered a ping. */
  readonly dead: () => void;
}

export interface HeartbeatOptions {
  /** Interval of pings, and the least time for each answer; a slow link gets more. */
  readonly intervalMs: number;
}

/**
 * Pings the gateway and reports when it does not answer: a page cannot see WebSocket pings, and a socket whose peer has vanished
 * stays open for minutes. Also measures the round trip of signaling.
 */
export class Heartbeat implements Disposable {
  readonly #deps: HeartbeatDeps;
  readonly #intervalMs: number;
  #timer: Disposable | undefined;
  #running = false;

  constructor(deps: HeartbeatDeps, { intervalMs }: HeartbeatOptions) {
    this.#deps = deps;
    this.#intervalMs = intervalMs;
    this.#timer = deps.clock.every(intervalMs, () => void this.#ping());
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  async #ping(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const { clock, connection, roundTrip } = this.#deps;
    const startedMs = clock.monotonicMs();
    const { framesReceived } = connection;
    try {
      const deadlineMs = heartbeatDeadlineMs(roundTrip.usualMs, this.#intervalMs);
      await connection.request('ping', {}, { deadlineMs });
      roundTrip.measured(clock.monotonicMs() - startedMs);
    } catch {
      // Any frame in between, even an error, proves that the gateway is alive.
      if (this.#timer && connection.framesReceived === framesReceived) this.#deps.dead();
    } finally {
      this.#running = false;
    }
  }
}
