/** How values are spread, rounded to hundredths; NaN for nothing. */
export interface Spread {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

/** How durations are spread, in whole milliseconds; zeros for nothing. */
export interface SpreadMs {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** The smallest value that at least `share` (0-1) of all do not exceed (nearest rank). `sorted`: ascending. NaN for none. */
export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

/** The middle value, or the mean of the two in the middle; 0 for none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return 0;
  const sorted = ascending(values);
  return (percentile(sorted, 0.5) + (sorted[sorted.length >> 1] ?? 0)) / 2;
}

/** Exact, not from buckets: benches hold some ten thousand values at most. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = ascending(values);
  const at = (share: number): number => hundredths(percentile(sorted, share));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}

export function spreadMsOf(values: readonly number[]): SpreadMs {
  const sorted = ascending(values);
  const at = (share: number): number => (sorted.length === 0 ? 0 : Math.round(percentile(sorted, share)));
  return { p50: at(0.5), p95: at(0.95), max: at(1) };
}

export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

function ascending(values: readonly number[]): number[] {
  return values.toSorted((one, other) => one - other);
}
