import type { Clock } from '@skein/runtime';
import type { TrackReceiver } from '../media/engine.ts';

/** Finer than a frame, so that the swap waits for no more than one. */
const LOOK_EVERY_MS = 20;

/**
 * Waits until the first frame (video) or packet (audio) of `receiver` is there, at most `deadlineMs`; false when it
 * was not, or when `unneeded` says that nothing is to be waited for.
 */
export async function mediaArrived(
  receiver: TrackReceiver,
  clock: Clock,
  deadlineMs: number,
  unneeded: () => boolean,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + deadlineMs;
  let looking: Promise<boolean> | undefined;
  while (clock.monotonicMs() < endMs && !unneeded()) {
    // A busy browser may take long to answer, or never do: the deadline holds all the same.
    const pause = clock.sleep(LOOK_EVERY_MS).then(() => undefined);
    const look = (looking ??= receiver.arrived().catch(() => false));
    const arrived = await Promise.race([look, pause]);
    if (arrived) return true;
    if (arrived !== undefined) looking = undefined;
    await pause;
  }
  return false;
}
