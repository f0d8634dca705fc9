import type { Clock } from '@skein/runtime';
import type { TrackReceiver } from './engine.ts';

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
  while (clock.monotonicMs() < endMs && !unneeded()) {
    if (await receiver.arrived()) return true;
    await clock.sleep(LOOK_EVERY_MS);
  }
  return false;
}
