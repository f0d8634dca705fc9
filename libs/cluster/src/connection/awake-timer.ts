import type { Clock } from '@skein/runtime';

/** A timer this late shows a pause of the process: by the system, a garbage collection, or long work. */
const PAUSE_MS = 50;
/** Extra wait after a pause, in which answers that arrived meanwhile are read and waiting requests are sent. */
const PAUSE_GRACE_MS = 250;
/** Pauses that extend one wait. */
const MAX_GRACES = 4;

/**
 * Runs `task` after `ms`, not counting pauses of this process: libuv runs timers before it reads sockets, so after a pause
 * every deadline would pass although the answers are there. At most a second late.
 */
export function afterAwake(clock: Clock, ms: number, task: () => void): Disposable {
  let dueMs = clock.monotonicMs() + ms;
  let graces = 0;
  let hasRead = false;
  const wait = (waitMs: number): Disposable => {
    dueMs = clock.monotonicMs() + waitMs;
    return clock.after(waitMs, fire);
  };
  const fire = (): void => {
    if (clock.monotonicMs() - dueMs > PAUSE_MS && graces < MAX_GRACES) {
      graces++;
      hasRead = false;
      timer = wait(PAUSE_GRACE_MS);
    } else if (!hasRead) {
      // One more turn of the event loop, in which sockets are read.
      hasRead = true;
      timer = wait(0);
    } else {
      task();
    }
  };
  let timer = wait(ms);
  return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
}
