import type { Clock } from '@skein/runtime';
import type { TrackReceiver } from '../media/engine.ts';

/** Shorter than a frame, so that a swap waits for one frame at most. */
const POLL_MS = 20;

/**
 * Waits until the first frame (video) or packet (audio) of `receiver` has arrived. Resolves with false after `deadlineMs`, or
 * when `isObsolete` says that nobody needs it any more.
 */
export async function mediaArrived(
  receiver: TrackReceiver,
  clock: Clock,
  deadlineMs: number,
  isObsolete: () => boolean,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + deadlineMs;
  let check: Promise<boolean> | undefined;
  while (clock.monotonicMs() < endMs && !isObsolete()) {
    // A busy browser may take long to answer, or never do: the deadline holds regardless.
    const pause = clock.sleep(POLL_MS).then(() => undefined);
    check ??= receiver.arrived().catch(() => false);
    const arrived = await Promise.race([check, pause]);
    if (arrived) return true;
    if (arrived !== undefined) check = undefined;
    await pause;
  }
  return false;
}
