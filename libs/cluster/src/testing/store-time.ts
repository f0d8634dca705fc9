import type { Clock } from '@skein/runtime';

/** Two calls are at least this far apart, so that participants who join at one moment of a fake clock keep their order. */
const CALL_US = 1000;

/** The clock of a store in memory, in microseconds since 1970. It follows the given clock, and rises with each call. */
export class StoreTime {
  readonly #clock: Clock;
  readonly #offsetMs: number;
  #lastUs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsetMs = clock.now() - clock.monotonicMs();
  }

  /** For leases: the time that has really passed. */
  get leaseUs(): number {
    return Math.floor((this.#clock.monotonicMs() + this.#offsetMs) * 1000);
  }

  /** For versions, epochs and fences: higher than every value before. */
  nextUs(): number {
    this.#lastUs = Math.max(this.leaseUs, this.#lastUs + CALL_US);
    return this.#lastUs;
  }

  /** A change takes a microsecond, so that a room made again starts above the versions of the last one. */
  tick(): void {
    this.#lastUs++;
  }
}
