/** A histogram as it travels between processes and into documents. */
export interface HistogramData {
  /** `[bucket, count]` of buckets that are not empty, in order; see `bucketOf`. */
  readonly buckets: readonly (readonly [number, number])[];
  readonly count: number;
  readonly sum: number;
  /** Exact; 0 while `count` is 0. */
  readonly min: number;
  readonly max: number;
}

/** What a reader wants to know of many values, in their unit. */
export interface Percentiles {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** Buckets per doubling: a percentile is off by 2 % at most. */
const PER_DOUBLING = 32;
/** The smallest value distinguished from 0: a 1000th of the unit. */
const LEAST = 0.001;
/** 40 doublings above `LEAST`, about 10^9; what is more counts into the last bucket. */
const BUCKETS = 40 * PER_DOUBLING + 1;

/** The bucket of a value: 0 for what is below `LEAST`, then 32 for each doubling. */
export function bucketOf(value: number): number {
  if (!(value > LEAST)) return 0;
  return Math.min(BUCKETS - 1, 1 + Math.floor(Math.log2(value / LEAST) * PER_DOUBLING));
}

/** The middle of a bucket. */
export function valueOf(bucket: number): number {
  return bucket === 0 ? 0 : LEAST * 2 ** ((bucket - 0.5) / PER_DOUBLING);
}

/** Counts values in buckets of constant relative width, so that histograms of many processes add up. Not negative values count as 0. */
export class Histogram {
  readonly #counts = new Float64Array(BUCKETS);
  #count = 0;
  #sum = 0;
  #min = Infinity;
  #max = 0;

  static from(data: HistogramData): Histogram {
    const histogram = new Histogram();
    histogram.add(data);
    return histogram;
  }

  get count(): number {
    return this.#count;
  }

  get max(): number {
    return this.#max;
  }

  record(value: number): void {
    const counted = value > 0 ? value : 0;
    const bucket = bucketOf(counted);
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#count++;
    this.#sum += counted;
    if (counted < this.#min) this.#min = counted;
    if (counted > this.#max) this.#max = counted;
  }

  /** Takes in all values of another one. */
  add({ buckets, count, sum, min, max }: HistogramData): void {
    if (count === 0) return;
    for (const [bucket, times] of buckets) this.#counts[bucket] = (this.#counts[bucket] ?? 0) + times;
    this.#count += count;
    this.#sum += sum;
    this.#min = Math.min(this.#min, min);
    this.#max = Math.max(this.#max, max);
  }

  /** The value that the share `quantile` (0-1) of all values does not exceed; 0 when there are none. */
  quantile(quantile: number): number {
    if (this.#count === 0) return 0;
    const rank = Math.max(1, Math.ceil(quantile * this.#count));
    let seen = 0;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.#counts[bucket] ?? 0;
      if (seen >= rank) return Math.min(this.#max, Math.max(this.#min, valueOf(bucket)));
    }
    return this.#max;
  }

  percentiles(): Percentiles {
    return {
      count: this.#count,
      mean: this.#count === 0 ? 0 : this.#sum / this.#count,
      p50: this.quantile(0.5),
      p95: this.quantile(0.95),
      p99: this.quantile(0.99),
      max: this.#max,
    };
  }

  /** As data, to be sent or merged. */
  data(): HistogramData {
    const buckets: [number, number][] = [];
    this.#counts.forEach((times, bucket) => times > 0 && buckets.push([bucket, times]));
    return {
      buckets,
      count: this.#count,
      sum: this.#sum,
      min: this.#count === 0 ? 0 : this.#min,
      max: this.#max,
    };
  }

  /** As data; resets the histogram. */
  take(): HistogramData {
    const data = this.data();
    if (this.#count > 0) this.#counts.fill(0);
    this.#count = 0;
    this.#sum = 0;
    this.#min = Infinity;
    this.#max = 0;
    return data;
  }
}

export const EMPTY_HISTOGRAM: HistogramData = { buckets: [], count: 0, sum: 0, min: 0, max: 0 };

export function mergeHistograms(all: readonly HistogramData[]): HistogramData {
  const merged = new Histogram();
  for (const one of all) merged.add(one);
  return merged.data();
}

export function percentilesOf(data: HistogramData): Percentiles {
  return Histogram.from(data).percentiles();
}
