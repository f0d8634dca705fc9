import type { Clock } from '@skein/runtime';

/** A timer that fires so late shows that the process was paused: by the system, a collection, or long work. */
const PAUSE_MS = 50;
/** What a pause adds to the wait, so that answers which came meanwhile are read, and requests that had to wait are sent. */
const PAUSE_GRACE_MS = 250;
/** A process that is paused again and again is told all the same. */
const MAX_GRACES = 4;

/**
 * Runs `task` after `ms` without an answer, not counting a pause of this process: timers run before sockets are read
 * (libuv), so that after a pause every deadline would pass although the answers are there. At most a second later.
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
