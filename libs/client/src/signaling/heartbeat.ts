import type { Clock } from '@skein/runtime';

/**
 * Pings the gateway and says when it does not answer. A page can't see WebSocket pings, and a socket whose peer
 * vanished stays open for minutes. Also measures signaling's round trip.
 */
export class Heartbeat implements Disposable {
  #timer: Disposable | undefined;
  #lastRoundTripMs: number | undefined;
  #running = false;
  readonly #clock: Clock;
  readonly #ping: () => Promise<unknown>;
  readonly #dead: (error: unknown) => void;

  constructor(
    clock: Clock,
    intervalMs: number,
    ping: () => Promise<unknown>,
    dead: (error: unknown) => void,
  ) {
    this.#clock = clock;
    this.#ping = ping;
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
    try {
      await this.#ping();
      this.#lastRoundTripMs = this.#clock.monotonicMs() - startedMs;
    } catch (error) {
      if (this.#timer) this.#dead(error);
    } finally {
      this.#running = false;
    }
  }
}
