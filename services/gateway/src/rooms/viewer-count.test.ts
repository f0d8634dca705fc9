import { FakeClock } from '@skein/runtime/testing';
import { beforeEach, describe, expect, test } from 'vitest';
import { ViewerCount, VIEWERS_EVERY_MS } from './viewer-count.ts';

let clock: FakeClock;
let now: number | undefined;
let told: { readonly atMs: number; readonly viewers: number }[];
let count: ViewerCount;

beforeEach(() => {
  clock = new FakeClock(0);
  now = 0;
  told = [];
  count = new ViewerCount({
    clock,
    now: () => now,
    tell: (viewers) => told.push({ atMs: clock.now(), viewers }),
  });
  count.answered(0);
});

function become(viewers: number): void {
  now = viewers;
  count.changed();
}

describe('the number of viewers', () => {
  test('is told soon after it has changed, and then at most once a second, at last as it is', async () => {
    for (let viewers = 1; viewers <= 500; viewers++) {
      become(viewers);
      await clock.advance(7);
    }
    await clock.advance(2 * VIEWERS_EVERY_MS);
    expect(told[0]?.atMs).toBeLessThanOrEqual(200);
    expect(told.at(-1)?.viewers).toBe(500);
    const gaps = told.slice(1).map(({ atMs }, at) => atMs - (told[at]?.atMs ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(VIEWERS_EVERY_MS);
    expect(told.length).toBeLessThanOrEqual(5);
  });

  test('is not told when it is the same again', async () => {
    become(1);
    become(0);
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  test('is told when a client was answered with another one than the others know', async () => {
    become(1);
    count.answered(1);
    become(0);
    await clock.advance(5000);
    expect(told.map(({ viewers }) => viewers)).toEqual([0]);
    count.answered(0);
    await clock.advance(5000);
    expect(told).toHaveLength(1);
  });

  test('waits while it cannot be told', async () => {
    become(2);
    now = undefined;
    await clock.advance(3500);
    expect(told).toEqual([]);
    now = 2;
    await clock.advance(VIEWERS_EVERY_MS);
    expect(told.map(({ viewers }) => viewers)).toEqual([2]);
  });

  test('is not told any more once it is closed', async () => {
    become(1);
    count.close();
    await clock.advance(5000);
    expect(told).toEqual([]);
  });
});
