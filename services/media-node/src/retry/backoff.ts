import { jitter, type Random } from '@skein/runtime';

/** How long to wait before trying again: `baseMs` doubled with each failure in a row, `maxMs` at most, ±20 %. */
export interface Backoff {
  readonly baseMs: number;
  readonly maxMs: number;
}

/** The wait after the `failures`-th failure in a row, counted from 1. */
export function backoffMs({ baseMs, maxMs }: Backoff, failures: number, random: Random): number {
  return jitter(Math.min(maxMs, baseMs * 2 ** Math.min(failures - 1, 20)), random);
}
