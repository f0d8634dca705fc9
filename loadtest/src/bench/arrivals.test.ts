import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { arrivalTimes, openLoop } from './arrivals.ts';

describe('arrivals', () => {
  it('come in order, as many as the rate says, and the same for the same seed', () => {
    const times = arrivalTimes(50, 4, seededRandom(1));
    expect(times).toHaveLength(200);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    expect(times[0]).toBeGreaterThanOrEqual(0);
    expect(times.at(-1)).toBeLessThan(4000);
    expect(arrivalTimes(50, 4, seededRandom(1))).toEqual(times);
    expect(arrivalTimes(50, 4, seededRandom(2))).not.toEqual(times);
  });
});

describe('an open loop', () => {
  const { signal } = new AbortController();

  it('begins each task at its time, although earlier ones have not ended', async () => {
    const clock = new FakeClock();
    const begun: [number, number][] = [];
    const startMs = clock.monotonicMs();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    const begin = async (index: number): Promise<void> => {
      begun.push([index, clock.monotonicMs() - startMs]);
      await gate;
    };
    const report = openLoop([10, 20, 35], begin, { clock, signal });
    await clock.advance(40);
    expect(begun).toEqual([
      [0, 10],
      [1, 20],
      [2, 35],
    ]);
    open();
    expect(await report).toMatchObject({ failed: 0, lateMs: { max: 0 } });
  });

  it('counts failures and continues', async () => {
    const clock = new FakeClock();
    const begin = (index: number): Promise<void> =>
      index === 0 ? Promise.reject(new Error('the room is full')) : Promise.resolve();
    const report = openLoop([0, 1], begin, { clock, signal });
    await clock.advance(10);
    expect(await report).toMatchObject({ failed: 1, firstFailure: 'the room is full' });
  });

  it('ends with the reason of its signal', async () => {
    const clock = new FakeClock();
    const abort = new AbortController();
    const report = openLoop([0, 1000], () => Promise.resolve(), { clock, signal: abort.signal });
    await clock.advance(10);
    abort.abort(new Error('interrupted'));
    await expect(report).rejects.toThrow('interrupted');
  });
});
