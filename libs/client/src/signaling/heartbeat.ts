import type { Clock } from '@skein/runtime';
import type { SignalingConnection } from './connection.ts';

/**
 * Pings the gateway and says when it does not answer. A page can't see WebSocket pings, and a socket whose peer
 * vanished stays open for minutes. Also measures signaling's round trip.
 */
export class Heartbeat implements Disposable {
  #timer: Disposable | undefined;
  #lastRoundTripMs: number | undefined;
  #running = false;
  readonly #clock: Clock;
  readonly #connection: SignalingConnection;
  readonly #deadlineMs: number;
  readonly #dead: () => void;

  /** Pings every `intervalMs` and waits as long for each answer. */
  constructor(clock: Clock, connection: SignalingConnection, intervalMs: number, dead: () => void) {
    this.#clock = clock;
    this.#connection = connection;
    this.#deadlineMs = intervalMs;
    this.#dead = dead;
    this.#timer = clock.every(intervalMs, () => void this.#beat());
  }

  /** Signaling's last round trip; undefined before the first answer. */
  get roundTripMs(): number | undefined {
    return this.#lastRoundTripMs;
  }

  [Symbol.dispose](): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
  }

  async #beat(): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    const startedMs = this.#clock.monotonicMs();
    const { framesReceived } = this.#connection;
    try {
      await this.#connection.request('ping', {}, { deadlineMs: this.#deadlineMs });
      this.#lastRoundTripMs = this.#clock.monotonicMs() - startedMs;
    } catch {
      // Whatever came in meanwhile, be it a refusal, came from a gateway that lives.
      if (this.#timer && this.#connection.framesReceived === framesReceived) this.#dead();
    } finally {
      this.#running = false;
    }
  }
}
