import { describe, expect, it } from 'vitest';
import { percentiles, summarize, type Outcome, type RoundFigures } from './report.ts';

function round(more: Partial<RoundFigures>): RoundFigures {
  return { recoverMs: [], longestGapMs: [], undisturbedGapMs: [], felt: 'always', failed: [], ...more };
}

const good: Outcome = {
  scenario: 'node-kill',
  seed: 7,
  bounds: { recoverP95Ms: 2_000, longestGapMs: 3_000 },
  rounds: [
    round({ recoverMs: [900, 1_200], longestGapMs: [1_100, 40], undisturbedGapMs: [30, 85] }),
    round({ recoverMs: [1_000], longestGapMs: [990], undisturbedGapMs: [31] }),
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
    expect(summarize({ ...good, rounds: [] })).toMatchObject({
      ok: false,
      failed: ['no round was run to its end'],
    });
  });

  it('is not well where a figure that has a bound was not measured', () => {
    expect(summarize({ ...good, rounds: [round({})] })).toMatchObject({
      ok: false,
      failed: [
        'recoverMs has a bound, 2000, and was not measured',
        'longestGapMs has a bound, 3000, and was not measured',
      ],
    });
  });

  it('needs no recovery where a fault is at best not felt, but judges one that there is', () => {
    const unfelt = round({ felt: 'perhaps', longestGapMs: [120] });
    const late = round({ felt: 'perhaps', longestGapMs: [2_500], recoverMs: [2_400] });
    expect(summarize({ ...good, rounds: [unfelt] }).ok).toBe(true);
    expect(summarize({ ...good, rounds: [unfelt, late] }).failed).toEqual([
      'recoverMs.p95 is 2400, more than 2000',
    ]);
  });

  it('needs a recovery as soon as one fault of several is felt', () => {
    const rounds = [round({ felt: 'perhaps', longestGapMs: [1] }), round({ longestGapMs: [1] })];
    expect(summarize({ ...good, rounds }).ok).toBe(false);
  });

  it('judges each round of a mix by the bounds of what it was', () => {
    const kill = { name: 'node-kill', bounds: { recoverP95Ms: 2_000 } };
    const hang = { name: 'redis-hang', bounds: { longestGapMs: 200 } };
    const rounds = [
      round({ picked: hang, recoverMs: [40], longestGapMs: [90] }),
      round({ picked: kill, recoverMs: [900], longestGapMs: [1_100] }),
      round({ picked: hang, recoverMs: [40], longestGapMs: [400] }),
      round({ picked: kill, longestGapMs: [30], failed: ['nobody lost anything'] }),
    ];
    expect(summarize({ ...good, scenario: 'random', bounds: {}, rounds }).failed).toEqual([
      'round 3: redis-hang: longestGapMs.max is 400, more than 200',
      'round 4: node-kill: nobody lost anything',
      'round 4: node-kill: recoverMs has a bound, 2000, and was not measured',
    ]);
  });

  it('keeps what was measured before the run failed', () => {
    const { ok, rounds, seed, failed } = summarize({ ...good, error: new Error('no such host') });
    expect({ ok, rounds, seed, failed }).toEqual({ ok: false, rounds: 2, seed: 7, failed: ['no such host'] });
  });
});
