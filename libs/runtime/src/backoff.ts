import { jitter as spread, type Random } from './random.ts';

/** How waits grow, from one failure to the next. */
export interface BackoffGrowth {
  /** The wait after the first failure, in milliseconds. More than 0. */
  readonly firstMs: number;
  /** The longest wait, in milliseconds, before it is spread. */
  readonly maxMs: number;
  /** What each further failure multiplies the wait by. Default: 2. */
  readonly factor?: number;
}

/** Without `jitter` the wait is exact: for a pure step whose caller spreads it, and for a peer that waits alone. */
export type BackoffOptions = BackoffGrowth &
  (
    | { readonly jitter?: undefined; readonly random?: undefined }
    | {
        /** Spreads each wait by ±this share of it, so that peers that failed together do not retry together. 0 to 1. */
        readonly jitter: number;
        readonly random: Random;
      }
  );

/** The wait before the next attempt, in milliseconds, after `failures` failures in a row, counted from 1. */
export type Backoff = (failures: number) => number;

/**
 * Exponential backoff: `firstMs`, then `factor` times as long with each failure in a row, at most `maxMs`. Pure: it keeps no
 * count, so one backoff serves any number of peers. A `failures` below 1 counts as 1.
 */
export function backoff({ firstMs, maxMs, factor = 2, jitter, random }: BackoffOptions): Backoff {
  return (failures) => {
    const waitMs = Math.min(maxMs, firstMs * factor ** Math.max(0, failures - 1));
    return jitter === undefined ? waitMs : spread(waitMs, random, jitter);
  };
}
