import { expect, it } from 'vitest';
import { longestGap } from './gaps.ts';

it('finds the longest time between two arrivals, and when it ended', () => {
  expect(longestGap([0, 20, 40, 340, 360], 10, 400)).toEqual({ longestGapMs: 300, endedAtMs: 340 });
});

it('counts from the last arrival before the window', () => {
  expect(longestGap([0, 90, 110], 50, 120)).toEqual({ longestGapMs: 90, endedAtMs: 90 });
});

it('leaves a gap open when nothing has come by the end', () => {
  expect(longestGap([0, 20, 30], 10, 200)).toEqual({ longestGapMs: 170 });
  expect(longestGap([], 10, 200)).toEqual({ longestGapMs: 190 });
});

it('ignores what came after the window', () => {
  expect(longestGap([0, 20, 900], 10, 100)).toEqual({ longestGapMs: 80 });
});
