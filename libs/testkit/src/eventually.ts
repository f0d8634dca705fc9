import { systemClock } from '@skein/runtime';

/**
 * Asks `probe` until it answers something other than `undefined` and `false`, and gives that. Fails after `deadlineMs`
 * (default 10 s) with `what` and what the probe said or threw last. For tests: wait for a fact, not for a time.
 */
export async function eventually<Fact>(
  what: string,
  probe: () => Promise<Fact | undefined | false> | Fact | undefined | false,
  { deadlineMs = 10_000, everyMs = 50 }: { deadlineMs?: number; everyMs?: number } = {},
): Promise<Fact> {
  const endMs = systemClock.monotonicMs() + deadlineMs;
  let last: unknown;
  for (;;) {
    try {
      const fact = await probe();
      if (fact !== undefined && fact !== false) return fact;
      last = fact;
    } catch (error) {
      last = error;
    }
    if (systemClock.monotonicMs() > endMs) {
      throw new Error(`not within ${deadlineMs} ms: ${what} (last: ${String(last)})`, { cause: last });
    }
    await systemClock.sleep(everyMs);
  }
}

/** Like `eventually`, for an assertion: passes once `assert` no longer throws, else fails with its last error. */
export async function eventuallyHolds(
  assert: () => Promise<void> | void,
  { deadlineMs = 10_000, everyMs = 50 }: { deadlineMs?: number; everyMs?: number } = {},
): Promise<void> {
  const endMs = systemClock.monotonicMs() + deadlineMs;
  for (;;) {
    try {
      await assert();
      return;
    } catch (error) {
      if (systemClock.monotonicMs() > endMs) throw error;
    }
    await systemClock.sleep(everyMs);
  }
}
