import { expect, it } from 'vitest';
import { evenPlaces } from './spread.ts';

const nodes = ['a', 'b', 'c'];

it('leaves an even spread alone', () => {
  expect(evenPlaces(['a', 'b', 'c', 'a'], nodes).size).toBe(0);
});

it('spreads people who sit together, as few moves as possible', () => {
  expect([...evenPlaces(['a', 'a', 'a', 'b'], nodes)]).toEqual([[0, 'c']]);
  expect(new Set(evenPlaces(['a', 'a', 'a', 'a', 'a', 'a'], nodes).values())).toEqual(new Set(['b', 'c']));
  expect(evenPlaces(['a', 'a', 'a', 'a', 'a', 'a'], nodes).size).toBe(4);
});

it('brings people away from a node that is gone', () => {
  expect([...evenPlaces(['gone', 'b'], nodes)]).toEqual([[0, 'a']]);
});
