import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isOver, orderOfStarts, supersedes, type NodeStart } from './node-start.ts';

it('the fence orders starts, whatever the clocks of their hosts say', () => {
  const first = { startedAtMs: 5000, fence: 10 };
  const slowHost = { startedAtMs: 1000, fence: 11 };
  expect(orderOfStarts(slowHost, first)).toBe('later');
  expect(supersedes(slowHost, first)).toBe(true);
  expect(supersedes(first, slowHost)).toBe(false);
  expect(isOver(slowHost, first)).toBe(false);
  expect(isOver(first, slowHost)).toBe(true);
});

it('a start without a lease equals one of its time and never replaces a start with a lease', () => {
  const leased = { startedAtMs: 5000, fence: 10 };
  expect(orderOfStarts({ startedAtMs: 5000 }, leased)).toBe('same');
  expect(orderOfStarts({ startedAtMs: 6000, fence: 0 }, leased)).toBe('unknown');
  expect(supersedes({ startedAtMs: 6000 }, leased)).toBe(false);
  expect(supersedes(leased, { startedAtMs: 6000 })).toBe(true);
});

it('no two starts replace each other by their fences', () => {
  const start = fc.record<NodeStart>({ startedAtMs: fc.nat(9), fence: fc.integer({ min: 1, max: 9 }) });
  fc.assert(fc.property(start, start, (one, other) => !(supersedes(one, other) && supersedes(other, one))));
});
