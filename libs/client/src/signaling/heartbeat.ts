import type { Clock } from '@skein/runtime';
import type { SignalingConnection } from './connection.ts';
import { heartbeatDeadlineMs, type RoundTrip } from './link-times.ts';

/**
 * Pings the gateway and says when it does not answer. A page can't see WebSocket pings, and a socket whose peer
 * vanished stays open for minutes. Also measures signaling's round trip.
 */
export class Heartbeat implements Disposable {
  #timer: Disposable | undefined;
  #running = false;
  readonly #clock: Clock;
  readonly #connection: SignalingConnection;
  readonly #intervalMs: number;
  readonly #roundTrip: RoundTrip;
  readonly #dead: () => void;

  /** Pings every `intervalMs`, and waits as long for each answer at least, longer over a slow link. */
  constructor(
    clock: Clock,
    connection: SignalingConnection,
    { intervalMs, roundTrip }: { readonly intervalMs: number; readonly roundTrip: RoundTrip },
    dead: () => void,
  ) {
    this.#clock = clock;
    this.#connection = connection;
    this.#intervalMs = intervalMs;
    this.#roundTrip = roundTrip;
    this.#dead = dead;
    this.#timer = clock.every(intervalMs, () => void this.#beat());
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
      const deadlineMs = heartbeatDeadlineMs(this.#roundTrip.usualMs, this.#intervalMs);
      await this.#connection.request('ping', {}, { deadlineMs });
      this.#roundTrip.measured(this.#clock.monotonicMs() - startedMs);
    } catch {
      // Whatever came in meanwhile, be it a refusal, came from a gateway that lives.
      if (this.#timer && this.#connection.framesReceived === framesReceived) this.#dead();
    } finally {
      this.#running = false;
    }
  }
}
