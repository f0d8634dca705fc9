import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RoundTrips } from './round-trips.ts';

const limits = { minMs: 300, maxMs: 3000, unknownMs: 1000 };

it('a near peer gets the shortest deadline, one that was never measured a long one', () => {
  const trips = new RoundTrips(limits);
  expect(trips.deadlineMs('near')).toBe(1000);
  for (let one = 0; one < 20; one++) trips.measured('near', 1);
  expect(trips.deadlineMs('near')).toBe(300);
});

it.each([150, 300])('a peer %d ms away may lose a segment once', (rttMs) => {
  const trips = new RoundTrips(limits);
  for (let one = 0; one < 20; one++) trips.measured('far', rttMs + (one % 2));
  // TCP sends it again after its RTO, the round trip and 200 ms at least; then comes the answer.
  expect(trips.deadlineMs('far')).toBeGreaterThanOrEqual(2 * rttMs + 200);
  expect(trips.deadlineMs('far')).toBeLessThan(2 * rttMs + 300);
});

it('a near peer that is busy now and then gets no longer deadline', () => {
  const trips = new RoundTrips(limits);
  for (let one = 0; one < 40; one++) trips.measured('near', one % 4 === 0 ? 1 : 400);
  expect(trips.deadlineMs('near')).toBe(300);
});

it('a peer that moves farther away is known as such after some measurements', () => {
  const trips = new RoundTrips(limits);
  trips.measured('one', 1);
  for (let one = 0; one < 16; one++) trips.measured('one', 250);
  expect(trips.usualMs('one')).toBe(250);
});

it('the deadline stays within its limits and follows each peer separately', () => {
  const times = fc.array(fc.double({ min: 0, max: 20_000, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(times, (measured) => {
      const trips = new RoundTrips(limits);
      for (const tookMs of measured) trips.measured('one', tookMs);
      expect(trips.deadlineMs('one')).toBeGreaterThanOrEqual(limits.minMs);
      expect(trips.deadlineMs('one')).toBeLessThanOrEqual(limits.maxMs);
      expect(trips.usualMs('other')).toBeUndefined();
    }),
  );
});

it('round trips of absent peers are forgotten', () => {
  const trips = new RoundTrips(limits);
  trips.measured('one', 10);
  trips.measured('two', 10);
  trips.keepOnly(new Set(['two']));
  expect([trips.usualMs('one'), trips.usualMs('two')]).toEqual([undefined, 10]);
});
