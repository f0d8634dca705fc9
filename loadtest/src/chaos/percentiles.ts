export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Nearest-rank percentiles, whole milliseconds; zeros for nothing. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((one, other) => one - other).map(Math.round);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}
