import { expect, it } from 'vitest';
import { spreadOver } from './join-burst.ts';

it('compares the fullest node with its fair share', () => {
  expect(spreadOver(['a', 'a', 'b', 'c'], 4)).toEqual({ counts: { a: 2, b: 1, c: 1 }, mostOfShare: 2 });
  expect(spreadOver([], 3).mostOfShare).toBe(0);
});
