import { describe, expect, it } from 'vitest';
import { percentiles, summarize, type Outcome } from './report.ts';

const good: Outcome = {
  scenario: 'node-kill',
  seed: 7,
  bounds: { recoverP95Ms: 2_000, longestGapMs: 3_000 },
  rounds: [
    { recoverMs: [900, 1_200], longestGapMs: [1_100, 40], undisturbedGapMs: [30, 85], failed: [] },
    { recoverMs: [1_000], longestGapMs: [990], undisturbedGapMs: [31], failed: [] },
  ],
  violations: [],
};

it('takes nearest ranks', () => {
  expect(percentiles([5, 1, 4.4, 2])).toEqual({ p50: 2, p95: 5, max: 5 });
  expect(percentiles([])).toEqual({ p50: 0, p95: 0, max: 0 });
});

describe('summarize', () => {
  it('sums up all rounds', () => {
    expect(summarize(good)).toEqual({
      ...{ scenario: 'node-kill', ok: true, rounds: 2, seed: 7, lostParticipants: 0, violations: 0 },
      recoverMs: { p50: 1_000, p95: 1_200, max: 1_200 },
      longestGapMs: { p50: 990, max: 1_100 },
      undisturbedGapMs: { p50: 31, max: 85 },
    });
  });

  it('names each bound that does not hold', () => {
    const { ok, failed } = summarize({ ...good, bounds: { recoverP95Ms: 1_100, longestGapMs: 500 } });
    expect(ok).toBe(false);
    expect(failed).toEqual([
      'recoverMs.p95 is 1200, more than 1100',
      'longestGapMs.max is 1100, more than 500',
    ]);
  });

  it('counts each person who was lost once', () => {
    const violations = [
      { invariant: 'nobody is lost' as const, what: 'ada is not in the room', atMs: 1 },
      { invariant: 'no call ends' as const, what: 'ada: connection-lost', atMs: 2 },
      { invariant: 'no flicker' as const, what: 'ben was told ...', atMs: 3 },
    ];
    expect(summarize({ ...good, violations })).toMatchObject({
      ok: false,
      lostParticipants: 1,
      violations: 3,
    });
  });

  it('is not well without a round', () => {
    expect(summarize({ ...good, rounds: [] }).ok).toBe(false);
  });
});
