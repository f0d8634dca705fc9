import type { Clock } from '@skein/runtime';

/** Shortest time between two viewer counts of a room. */
export const VIEWERS_EVERY_MS = 1000;
/** Wait after a first change, which gathers those right after it. */
const BATCH_MS = 100;

export interface ViewerCountDeps {
  readonly clock: Clock;
  /** Current viewers; `undefined` while the number is unknown. */
  readonly current: () => number | undefined;
  readonly publish: (viewers: number) => void;
}

/** Publishes a room's number of viewers: at a bounded rate, and only a number that some client does not have. */
export class ViewerCount {
  readonly #deps: ViewerCountDeps;
  /** What every client has; `undefined`: they differ. */
  #known: number | undefined;
  #isKnownToAny = false;
  #publishedAtMs = -Infinity;
  #timer: Disposable | undefined;

  constructor(deps: ViewerCountDeps) {
    this.#deps = deps;
  }

  changed(): void {
    const { clock } = this.#deps;
    const restMs = this.#publishedAtMs + VIEWERS_EVERY_MS - clock.monotonicMs();
    this.#timer ??= clock.after(Math.max(BATCH_MS, restMs), () => this.#publish());
  }

  /** One client was answered with `viewers`, which the others may not have yet. */
  answered(viewers: number | undefined): void {
    if (!this.#isKnownToAny) this.#known = viewers;
    this.#isKnownToAny = true;
    if (this.#known === viewers && viewers !== undefined) return;
    this.#known = undefined;
    this.changed();
  }

  /** All clients got `viewers` with another event. */
  published(viewers: number | undefined): void {
    this.#isKnownToAny = true;
    this.#known = viewers;
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #publish(): void {
    this.#timer = undefined;
    const { current, publish, clock } = this.#deps;
    const viewers = current();
    this.#publishedAtMs = clock.monotonicMs();
    if (viewers === undefined) return this.changed();
    if (viewers === this.#known) return;
    this.published(viewers);
    publish(viewers);
  }
}
