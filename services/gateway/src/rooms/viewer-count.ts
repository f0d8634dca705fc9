import type { Clock } from '@skein/runtime';

/** The audience of a room hears of its viewers at most this often. */
export const VIEWERS_EVERY_MS = 1000;
/** A first change waits so long for those right after it. */
const GATHER_MS = 100;

export interface ViewerCountParts {
  readonly clock: Clock;
  /** Viewers now; `undefined` while that cannot be told. */
  readonly now: () => number | undefined;
  readonly tell: (viewers: number) => void;
}

/** Tells a room's audience how many viewers there are: seldom, and only what they do not know. */
export class ViewerCount {
  readonly #parts: ViewerCountParts;
  /** What all clients know; `undefined`: not all the same. */
  #known: number | undefined;
  #anyKnows = false;
  #toldAtMs = -Infinity;
  #timer: Disposable | undefined;

  constructor(parts: ViewerCountParts) {
    this.#parts = parts;
  }

  changed(): void {
    const { clock } = this.#parts;
    const restMs = this.#toldAtMs + VIEWERS_EVERY_MS - clock.monotonicMs();
    this.#timer ??= clock.after(Math.max(GATHER_MS, restMs), () => this.#tell());
  }

  /** One client was answered with `viewers`, which may be more than the others know. */
  answered(viewers: number | undefined): void {
    if (!this.#anyKnows) this.#known = viewers;
    this.#anyKnows = true;
    if (this.#known === viewers && viewers !== undefined) return;
    this.#known = undefined;
    this.changed();
  }

  /** All clients were told `viewers` with something else. */
  allTold(viewers: number | undefined): void {
    this.#anyKnows = true;
    this.#known = viewers;
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
  }

  #tell(): void {
    this.#timer = undefined;
    const { now, tell, clock } = this.#parts;
    const viewers = now();
    this.#toldAtMs = clock.monotonicMs();
    if (viewers === undefined) return this.changed();
    if (viewers === this.#known) return;
    this.allTold(viewers);
    tell(viewers);
  }
}
