import { expect, it } from 'vitest';
import { once } from './once.ts';

it('a disposable runs its clean-up on the first disposal only', () => {
  let runs = 0;
  const held = once(() => runs++);
  expect(runs).toBe(0);
  held[Symbol.dispose]();
  held[Symbol.dispose]();
  expect(runs).toBe(1);
});

it('a clean-up that disposes its own handle runs once', () => {
  let runs = 0;
  const held: Disposable = once(() => {
    runs++;
    held[Symbol.dispose]();
  });
  held[Symbol.dispose]();
  expect(runs).toBe(1);
});

it('a clean-up that throws is not run again', () => {
  const held = once(() => {
    throw new Error('no');
  });
  expect(() => held[Symbol.dispose]()).toThrow('no');
  expect(() => held[Symbol.dispose]()).not.toThrow();
});
