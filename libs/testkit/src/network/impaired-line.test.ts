import { seededRandom } from '@skein/runtime';
import { expect, it } from 'vitest';
import { ImpairedLine, LINE_FRAMES, type Impairment } from './impaired-line.ts';

/** Sends `count` frames, one a millisecond, and gives those that came, with how long each took. */
function send(impairment: Impairment, count: number, seed = 1): { frame: number; tookMs: number }[] {
  const line = new ImpairedLine<number>(impairment, seededRandom(seed));
  const came: { frame: number; tookMs: number }[] = [];
  for (let nowMs = 0; nowMs < count || line.nextDueMs !== undefined; nowMs++) {
    if (nowMs < count) line.offer(nowMs, nowMs);
    came.push(...line.takeDue(nowMs).map((frame) => ({ frame, tookMs: nowMs - frame })));
  }
  return came;
}

it('lets everything through at once when nothing impairs it', () => {
  expect(send({}, 3)).toEqual([0, 1, 2].map((frame) => ({ frame, tookMs: 0 })));
});

it('gives each frame the same delay', () => {
  const came = send({ delayMs: 80 }, 1_000);
  expect(came).toHaveLength(1_000);
  expect(new Set(came.map(({ tookMs }) => tookMs))).toEqual(new Set([80]));
});

it('lets the delay wander to both sides, and keeps the order', () => {
  const came = send({ delayMs: 80, jitterMs: 20 }, 10_000);
  const times = came.map(({ tookMs }) => tookMs);
  expect(came.map(({ frame }) => frame)).toEqual(Array.from({ length: 10_000 }, (_, frame) => frame));
  expect(Math.min(...times)).toBeGreaterThanOrEqual(60);
  expect(Math.min(...times)).toBeLessThan(65);
  expect(Math.max(...times)).toBeLessThanOrEqual(101);
  expect(Math.max(...times)).toBeGreaterThan(95);
});

it('lets frames overtake each other when told so', () => {
  const order = send({ delayMs: 80, jitterMs: 20, reorders: true }, 1_000).map(({ frame }) => frame);
  expect(order).not.toEqual(order.toSorted((one, other) => one - other));
  expect(new Set(order).size).toBe(1_000);
});

it('loses its share, and the same frames with the same seed', () => {
  const frames = (seed: number): number[] => send({ lossPercent: 3 }, 20_000, seed).map(({ frame }) => frame);
  expect(frames(1).length / 20_000).toBeCloseTo(0.97, 2);
  expect(frames(2)).toEqual(frames(2));
  expect(frames(2)).not.toEqual(frames(1));
  expect(send({ lossPercent: 100 }, 10)).toEqual([]);
});

it('drops what comes while too many wait', () => {
  const line = new ImpairedLine<number>({ delayMs: 80 }, seededRandom(1));
  const offered = Array.from({ length: LINE_FRAMES + 2 }, (_, frame) => line.offer(frame, 0));
  expect(offered.slice(-3)).toEqual(['waits', 'no room', 'no room']);
  expect(line.takeDue(80)).toHaveLength(LINE_FRAMES);
  expect(line.offer(0, 80)).toBe('waits');
});

it('lets go of what waits when it becomes another link', () => {
  const line = new ImpairedLine<string>({ delayMs: 80 }, seededRandom(1));
  line.offer('before', 0);
  line.change({ delayMs: 10 });
  line.offer('after', 1);
  expect(line.nextDueMs).toBe(-Infinity);
  expect(line.takeDue(1)).toEqual(['before']);
  expect(line.nextDueMs).toBe(11);
});

it.each([{ delayMs: -1 }, { delayMs: 10, jitterMs: 11 }, { lossPercent: 101 }, { delayMs: NaN }])(
  'refuses %j',
  (impairment) => {
    expect(() => new ImpairedLine(impairment, seededRandom(1))).toThrow(RangeError);
  },
);
