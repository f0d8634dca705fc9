import { expect, it } from 'vitest';
import { lateJoins, spreadOver } from './join-burst.ts';

it('compares the fullest node with its fair share', () => {
  expect(spreadOver(['a', 'a', 'b', 'c'], 4)).toEqual({ counts: { a: 2, b: 1, c: 1 }, mostOfShare: 2 });
  expect(spreadOver([], 3).mostOfShare).toBe(0);
});

it('holds join times against the budget, and needs some', () => {
  expect(lateJoins(Array.from({ length: 200 }, (_, at) => (at < 199 ? 9 : 80)))).toEqual([]);
  expect(lateJoins([9, 9, 60])).toEqual(['join p99 is 60 ms, more than 50']);
  expect(lateJoins([12, 12, 12])).toEqual(['join p50 is 12 ms, more than 10']);
  expect(lateJoins([])).toHaveLength(2);
});
