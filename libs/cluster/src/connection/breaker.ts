import { jitter, type Clock, type Random } from '@skein/runtime';

/** Between the end of one probe and the next; one at a time. */
const PROBE_AGAIN_MS = 150;

export interface BreakerParts {
  /** Asks the server for any sign of life. Has to end by itself. */
  readonly probe: () => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  /** A probe was answered. */
  readonly onClosed: () => void;
}

/**
 * Closed while a server answers. Once one call went unanswered it is open: no other call needs to wait as long, until a
 * probe is answered.
 */
export class Breaker {
  readonly #parts: BreakerParts;
  /** The probing of one opening; another one, or a reset, makes it void. */
  #probing: object | undefined;
  #next: Disposable | undefined;

  constructor(parts: BreakerParts) {
    this.#parts = parts;
  }

  get open(): boolean {
    return this.#probing !== undefined;
  }

  /** A call went unanswered. */
  trip(): void {
    if (this.#probing) return;
    this.#probing = {};
    this.#probe(this.#probing);
  }

  /** Closes without a word: the connection begins anew, or ends. */
  reset(): void {
    this.#probing = undefined;
    this.#next?.[Symbol.dispose]();
  }

  #probe(probing: object): void {
    const { probe, clock, random, onClosed } = this.#parts;
    probe().then(
      () => {
        if (this.#probing !== probing) return;
        this.reset();
        onClosed();
      },
      () => {
        if (this.#probing !== probing) return;
        this.#next = clock.after(jitter(PROBE_AGAIN_MS, random), () => this.#probe(probing));
      },
    );
  }
}
