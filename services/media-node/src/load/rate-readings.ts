/** A forwarder of packets that counts them. */
export interface PacketCounter {
  /** RTP packets so far. */
  packets(): Promise<number>;
}

interface Reading {
  readonly packets: number;
  readonly atMs: number;
  readonly rate: { readonly perSecond: number; readonly atMs: number } | undefined;
}

/** How long a rate is valid. */
export const FRESH_MS = 2500;
/** Two readings further apart give no rate: it would be a mean over too long a time. */
const LONGEST_STEP_MS = 2000;

/**
 * Rates of counters, from two readings about a second apart. At most `perSample` are read at a time: all of them if that
 * suffices, else each twice in turn, so that every rate is of the last seconds.
 */
export class RateReadings<Counter extends PacketCounter> {
  readonly #perSample: number;
  readonly #readings = new WeakMap<Counter, Reading>();
  /** Counters that owe an answer: their worker may hang, and gets no more requests. */
  readonly #pending = new WeakSet<Counter>();
  /** Counters that were read once and give a rate with the next reading, when not all can be read at once. */
  #begun: readonly Counter[] = [];
  #next = 0;

  constructor(perSample: number) {
    this.#perSample = perSample;
  }

  /** The counters to read in this sample. */
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

  /** Reads one; `nowMs` is called after the answer. Fails as the counter does. */
  async read(counter: Counter, nowMs: () => number): Promise<void> {
    if (this.#pending.has(counter)) return;
    this.#pending.add(counter);
    const packets = await counter.packets().finally(() => this.#pending.delete(counter));
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
