import { expect, it } from 'vitest';
import { evenPlaces, fewestMoves } from './spread.ts';

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

it('leaves people where they are as long as two nodes carry some', () => {
  expect(fewestMoves(['a', 'a', 'a', 'b'], nodes).size).toBe(0);
});

it('sends only the last one to another node where all are on one', () => {
  expect([...fewestMoves(['a', 'a', 'a', 'a'], nodes)]).toEqual([[3, 'b']]);
  expect(fewestMoves(['a', 'a'], ['a']).size).toBe(0);
});
