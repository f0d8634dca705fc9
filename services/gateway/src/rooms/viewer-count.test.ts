import { FakeClock } from '@skein/runtime/testing';
import { beforeEach, describe, expect, it } from 'vitest';
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
    current: () => now,
    publish: (viewers) => told.push({ atMs: clock.now(), viewers }),
  });
  count.answered(0);
});

function become(viewers: number): void {
  now = viewers;
  count.changed();
}

describe('the number of viewers', () => {
  it('a viewer count is published soon, at most once a second, and finally exact', async () => {
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

  it('an unchanged viewer count is not published', async () => {
    become(1);
    become(0);
    await clock.advance(5000);
    expect(told).toEqual([]);
  });

  it('a viewer count is published when clients know different ones', async () => {
    become(1);
    count.answered(1);
    become(0);
    await clock.advance(5000);
    expect(told.map(({ viewers }) => viewers)).toEqual([0]);
    count.answered(0);
    await clock.advance(5000);
    expect(told).toHaveLength(1);
  });

  it('an unknown viewer count is not published until it is known', async () => {
    become(2);
    now = undefined;
    await clock.advance(3500);
    expect(told).toEqual([]);
    now = 2;
    await clock.advance(VIEWERS_EVERY_MS);
    expect(told.map(({ viewers }) => viewers)).toEqual([2]);
  });

  it('a closed viewer count publishes nothing', async () => {
    become(1);
    count.close();
    await clock.advance(5000);
    expect(told).toEqual([]);
  });
});
