import type { Clock } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { afterAwake } from './awake-timer.ts';

/** One timer at a time, run by the test at whatever time it says. */
function manualClock() {
  let nowMs = 0;
  let due: { atMs: number; task: () => void } | undefined;
  const clock = {
    monotonicMs: () => nowMs,
    after: (ms: number, task: () => void) => {
      const own = { atMs: nowMs + ms, task };
      due = own;
      return { [Symbol.dispose]: () => void (due = due === own ? undefined : due) };
    },
  } as Clock;
  return {
    clock,
    get dueMs() {
      return due?.atMs;
    },
    /** The timer runs, `lateMs` after it was due. */
    run(lateMs = 0) {
      const { atMs, task } = due!;
      due = undefined;
      nowMs = atMs + lateMs;
      task();
    },
  };
}

describe('a deadline that does not count pauses of its own process', () => {
  it('passes on time, one turn of the event loop later', () => {
    const time = manualClock();
    let passed = false;
    afterAwake(time.clock, 1000, () => (passed = true));
    time.run();
    expect([passed, time.dueMs]).toEqual([false, 1000]);
    time.run();
    expect(passed).toBe(true);
  });

  it('is put off after a pause, so that what came meanwhile is read first', () => {
    const time = manualClock();
    let passed = false;
    afterAwake(time.clock, 1000, () => (passed = true));
    time.run(3000);
    expect([passed, time.dueMs]).toEqual([false, 4250]);
    time.run();
    time.run();
    expect(passed).toBe(true);
  });

  it('passes in the end however often the process is paused', () => {
    const time = manualClock();
    let passed = false;
    afterAwake(time.clock, 1000, () => (passed = true));
    for (let pauses = 0; pauses < 6; pauses++) if (!passed) time.run(500);
    expect(passed).toBe(true);
  });

  it('is cancelled also while it is put off', () => {
    const time = manualClock();
    const timer = afterAwake(time.clock, 1000, () => expect.unreachable());
    time.run(3000);
    timer[Symbol.dispose]();
    expect(time.dueMs).toBeUndefined();
  });
});
