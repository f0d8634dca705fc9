import { systemClock } from '@skein/runtime';
import { spreadOf, type Spread } from '../measure/statistics.ts';

export interface ClosedLoopReport {
  readonly perSecond: number;
  readonly tookMs: Spread;
}

/**
 * Keeps `inFlight` operations running for `seconds`: how many there are in a second when nobody waits for a quiet
 * moment. Only what ended counts. Rejects with the first failure, or with the reason of `signal`.
 */
export async function closedLoop(
  operation: () => Promise<void>,
  { inFlight, seconds, signal }: { inFlight: number; seconds: number; signal: AbortSignal },
): Promise<ClosedLoopReport> {
  const tookMs: number[] = [];
  const startMs = systemClock.monotonicMs();
  const endMs = startMs + 1000 * seconds;
  const keepGoing = async (): Promise<void> => {
    for (let fromMs = startMs; fromMs < endMs;) {
      signal.throwIfAborted();
      fromMs = systemClock.monotonicMs();
      await operation();
      tookMs.push(systemClock.monotonicMs() - fromMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, keepGoing));
  const wallSeconds = (systemClock.monotonicMs() - startMs) / 1000;
  return { perSecond: Math.round(tookMs.length / wallSeconds), tookMs: spreadOf(tookMs) };
}
