import { jitter, type Clock, type Random } from '@skein/runtime';

/** Between the end of one probe and the next; one at a time. */
const PROBE_AGAIN_MS = 150;

export interface BreakerDeps {
  /** Sends a probe to the server. It must end within a deadline of its own. */
  readonly probe: () => Promise<unknown>;
  readonly clock: Clock;
  readonly random: Random;
  /** A probe was answered. */
  readonly onClosed: () => void;
}

/**
 * Closed while a server answers. One unanswered call opens it, so that no other call waits as long, until a probe is
 * answered.
 */
export class Breaker {
  readonly #deps: BreakerDeps;
  /** Identifies the probes of one opening; another opening or a reset voids them. */
  #probing: object | undefined;
  #next: Disposable | undefined;

  constructor(deps: BreakerDeps) {
    this.#deps = deps;
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

  /** Closes without `onClosed`: the connection is replaced or ends. */
  reset(): void {
    this.#probing = undefined;
    this.#next?.[Symbol.dispose]();
  }

  #probe(probing: object): void {
    const { probe, clock, random, onClosed } = this.#deps;
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
