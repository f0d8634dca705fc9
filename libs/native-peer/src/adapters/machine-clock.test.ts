import { expect, it } from 'vitest';
import { SharedStampOffset } from './machine-clock.ts';

it('processes that overlap share one offset, and the first one after a pause measures it again', () => {
  let measuredMs = 0;
  const offset = new SharedStampOffset(() => ++measuredMs);
  expect([offset.acquire(), offset.acquire()]).toEqual([1, 1]);
  offset.release();
  expect(offset.acquire()).toBe(1);
  offset.release();
  offset.release();
  expect(offset.acquire()).toBe(2);
});
