import { expect, it } from 'vitest';
import { entryDelayMs } from './handshake-delay.ts';

const latest = (failures: number, addresses = 1, retryAfterMs?: number): number =>
  entryDelayMs(failures, addresses, retryAfterMs, () => 1);

it('tries at once, spread over 100 ms, and then with doubling pauses of at most 5 s', () => {
  expect(entryDelayMs(0, 1, undefined, () => 0)).toBe(0);
  expect([0, 1, 2, 3, 6, 20].map((failures) => latest(failures))).toEqual([100, 200, 400, 800, 5000, 5000]);
});

it('doubles its pauses with each round over the addresses, not with each address', () => {
  expect([1, 2, 3, 5, 6].map((failures) => latest(failures, 3))).toEqual([100, 100, 200, 200, 400]);
});

it('waits as long as it was asked to, spread so that not all come back together', () => {
  expect([0, 1].map((draw) => entryDelayMs(1, 1, 2000, () => draw))).toEqual([2000, 2500]);
});
