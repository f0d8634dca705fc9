import type { Clock, Random } from '@skein/runtime';
import { spreadOf, type Spread } from '../measure/statistics.ts';

/**
 * When independent users arrive, in ms from the start: a Poisson process of `perSecond` for `seconds`, with exactly
 * the expected number of arrivals, so that runs compare.
 */
export function arrivalTimes(perSecond: number, seconds: number, random: Random): number[] {
  // Given their number, the times of a Poisson process are independent and uniform.
  const times = Array.from({ length: Math.round(perSecond * seconds) }, () => random() * seconds * 1000);
  return times.sort((one, other) => one - other);
}

export interface OpenLoopReport {
  readonly failed: number;
  /** The first failure's message. */
  readonly firstFailure: string | undefined;
  /** How late arrivals were begun, in ms: above some ms, the machine or this process is the bottleneck. */
  readonly lateMs: Spread;
}

/**
 * Begins one task at each of `times`, whether or not earlier ones have ended: what waits then makes the others wait
 * too, as in life. Resolves when all have ended; rejects with the reason of `signal`, after those begun have ended.
 */
export async function openLoop(
  times: readonly number[],
  begin: (index: number) => Promise<void>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<OpenLoopReport> {
  const startMs = clock.monotonicMs();
  const lateMs: number[] = [];
  const running: Promise<void>[] = [];
  const failures: unknown[] = [];
  for (const [index, time] of times.entries()) {
    const waitMs = startMs + time - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => {});
    if (signal.aborted) break;
    lateMs.push(Math.max(0, clock.monotonicMs() - startMs - time));
    running.push(begin(index).catch((error: unknown) => void failures.push(error)));
  }
  await Promise.all(running);
  signal.throwIfAborted();
  const [first] = failures;
  const firstFailure =
    first instanceof Error ? first.message : first === undefined ? undefined : String(first);
  return { failed: failures.length, firstFailure, lateMs: spreadOf(lateMs) };
}
