import { expect, it } from 'vitest';
import { gapsBetween, lengthOf } from './gaps.ts';

it('lists every gap that is long enough, with its beginning and end', () => {
  expect(gapsBetween([0, 20, 40, 340, 360, 700, 720], 10, 720)).toEqual([
    { fromMs: 40, toMs: 340 },
    { fromMs: 360, toMs: 700 },
  ]);
});

it('lists the longest gap where all are short', () => {
  expect(gapsBetween([0, 20, 60, 80], 10, 80)).toEqual([{ fromMs: 20, toMs: 60 }]);
});

it('counts from the last arrival before the window', () => {
  expect(gapsBetween([0, 190, 210], 150, 220)).toEqual([{ fromMs: 0, toMs: 190 }]);
});

it('leaves a gap open when nothing has come by the end', () => {
  expect(gapsBetween([0, 20, 30], 10, 200)).toEqual([{ fromMs: 30 }]);
  expect(gapsBetween([], 10, 200)).toEqual([{ fromMs: 10 }]);
  expect(lengthOf({ fromMs: 10 }, 200)).toBe(190);
});

it('ignores what came after the window', () => {
  expect(gapsBetween([0, 20, 900], 10, 100)).toEqual([{ fromMs: 20 }]);
});
