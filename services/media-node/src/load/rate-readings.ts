/** Something that forwards packets and counts them. */
export interface PacketCounter {
  /** RTP packets so far. */
  packets(): Promise<number>;
}

interface Reading {
  readonly packets: number;
  readonly atMs: number;
  readonly rate: { readonly perSecond: number; readonly atMs: number } | undefined;
}

/** A rate counts for this long. A sample later than this it is not part of the figure any more. */
export const FRESH_MS = 2500;
/** Two readings further apart give no rate: it would be the mean of a time long past. */
const LONGEST_STEP_MS = 2000;

/**
 * Rates of counters, from two readings about a second apart. At most `perSample` are read at a time: all of them while they
 * are no more than that, else each twice in its turn, so that the rates that are there are always of the last seconds.
 */
export class RateReadings<Counter extends PacketCounter> {
  readonly #perSample: number;
  readonly #readings = new WeakMap<Counter, Reading>();
  /** Those that owe an answer: their worker may hang, and is not asked more. */
  readonly #asked = new WeakSet<Counter>();
  /** Those of more than can be read at once that were read a sample ago, and give a rate with the next reading. */
  #begun: readonly Counter[] = [];
  #next = 0;

  constructor(perSample: number) {
    this.#perSample = perSample;
  }

  /** Which of `all` to read in this sample. */
  choose(all: readonly Counter[]): readonly Counter[] {
    if (all.length <= this.#perSample) {
      this.#begun = [];
      return all;
    }
    const present = new Set(all);
    const again = this.#begun.filter((counter) => present.has(counter));
    const start = this.#next % all.length;
    const turn = [...all.slice(start), ...all.slice(0, start)].slice(0, Math.floor(this.#perSample / 2));
    this.#next = start + turn.length;
    const repeated = new Set(again);
    this.#begun = turn.filter((counter) => !repeated.has(counter));
    return [...again, ...this.#begun];
  }

  /** Reads one; `nowMs` is asked when the answer is there. Fails as the counter does. */
  async read(counter: Counter, nowMs: () => number): Promise<void> {
    if (this.#asked.has(counter)) return;
    this.#asked.add(counter);
    const packets = await counter.packets().finally(() => this.#asked.delete(counter));
    const atMs = nowMs();
    const before = this.#readings.get(counter);
    const passedMs = before ? atMs - before.atMs : Infinity;
    if (before && passedMs <= 0) return;
    const rate =
      before && passedMs <= LONGEST_STEP_MS
        ? { perSecond: (Math.max(0, packets - before.packets) * 1000) / passedMs, atMs }
        : undefined;
    this.#readings.set(counter, { packets, atMs, rate });
  }

  /** Packets per second; `undefined` unless measured within `withinMs`. */
  rate(counter: Counter, nowMs: number, withinMs = FRESH_MS): number | undefined {
    const rate = this.#readings.get(counter)?.rate;
    return rate && nowMs - rate.atMs <= withinMs ? rate.perSecond : undefined;
  }
}
