import { expect, it } from 'vitest';
import { FakeClock } from './fake-clock.ts';

it('a fake clock runs timers in the order in which they are due, at their time', async () => {
  const clock = new FakeClock(0);
  const ran: [string, number][] = [];
  clock.after(30, () => ran.push(['once', clock.now()]));
  const every = clock.every(20, () => ran.push(['every', clock.now()]));
  await clock.advance(45);
  every[Symbol.dispose]();
  await clock.advance(100);
  expect(ran).toEqual([
    ['every', 20],
    ['once', 30],
    ['every', 40],
  ]);
});

it('a fake sleep ends at its time, or at once when aborted', async () => {
  const clock = new FakeClock(0);
  const abort = new AbortController();
  const slept = clock.sleep(10).then(() => clock.now());
  const aborted = clock.sleep(10, abort.signal);
  abort.abort(new Error('stopped'));
  await expect(aborted).rejects.toThrow('stopped');
  await clock.advance(10);
  expect(await slept).toBe(10);
});

it('a fake wall clock jumps without its timers or its monotonic clock', async () => {
  const clock = new FakeClock();
  let ran = 0;
  clock.after(100, () => ran++);
  const [wallMs, monotonicMs] = [clock.now(), clock.monotonicMs()];
  expect(wallMs).not.toBe(monotonicMs);
  clock.jumpWallClock(60_000);
  clock.jumpWallClock(-200_000);
  expect([clock.now() - wallMs, clock.monotonicMs() - monotonicMs, ran]).toEqual([-140_000, 0, 0]);
  await clock.advance(100);
  expect([clock.now() - wallMs, clock.monotonicMs() - monotonicMs, ran]).toEqual([-139_900, 100, 1]);
});
