import { expect, it } from 'vitest';
import { handshakeDelayMs } from './handshake-delay.ts';

const latest = (failures: number, addresses = 1, retryAfterMs?: number): number =>
  handshakeDelayMs(failures, addresses, retryAfterMs, () => 1);

it('starts within 100 ms and doubles the delay up to 5 s', () => {
  expect(handshakeDelayMs(0, 1, undefined, () => 0)).toBe(0);
  expect([0, 1, 2, 3, 6, 20].map((failures) => latest(failures))).toEqual([100, 200, 400, 800, 5000, 5000]);
});

it('doubles the delay with each round over the addresses', () => {
  expect([1, 2, 3, 5, 6].map((failures) => latest(failures, 3))).toEqual([100, 100, 200, 200, 400]);
});

it('waits at least `retryAfterMs`, with jitter', () => {
  expect([0, 1].map((draw) => handshakeDelayMs(1, 1, 2000, () => draw))).toEqual([2000, 2500]);
});
