import { describe, expect, it } from 'vitest';
import type { GapSample, RoundFigures } from './round-figures.ts';
import { summarize, type Outcome } from './report.ts';
import type { Bounds } from './bounds.ts';

interface Shorthand extends Partial<Omit<RoundFigures, 'recoveries' | 'gaps'>> {
  readonly recoverMs?: readonly number[];
  readonly duringMs?: readonly number[];
  readonly afterMs?: number;
}

function round({ recoverMs = [], duringMs = [], afterMs = 20, ...more }: Shorthand): RoundFigures {
  return {
    recoveries: recoverMs.map((ms, at) => ({ identity: `person-${at}`, ms })),
    gaps: duringMs.map((ms) => gap({ duringMs: ms, afterMs })),
    ...{ undisturbedGapMs: [], impact: 'certain', failed: [], ...more },
  };
}

function gap(more: Partial<GapSample>): GapSample {
  return { receiver: 'ada', publisher: 'ben', kind: 'audio', duringMs: 20, afterMs: 20, ...more };
}

const bounds: Bounds = {
  recoverMs: { p95: 2_000, max: 2_500 },
  longestGapMs: { during: 3_000, after: 200 },
};

const good: Outcome = {
  scenario: 'node-kill',
  seed: 7,
  bounds,
  rounds: [
    round({ recoverMs: [900, 1_200], duringMs: [1_100, 40], undisturbedGapMs: [30, 85] }),
    round({ recoverMs: [1_000], duringMs: [990], undisturbedGapMs: [31] }),
  ],
  violations: [],
  leaks: [],
};

describe('summarize', () => {
  it('sums up all rounds', () => {
    expect(summarize(good)).toEqual({
      ...{
        scenario: 'node-kill',
        ok: true,
        rounds: 2,
        seed: 7,
        lostParticipants: 0,
        violations: 0,
        leaks: 0,
      },
      recoverMs: { p50: 1_000, p95: 1_200, max: 1_200 },
      worstPerson: { identity: 'person-1', round: 1, recoverMs: 1_200 },
      longestGapMs: { during: { p50: 990, max: 1_100 }, after: { p50: 20, max: 20 } },
      undisturbedGapMs: { p50: 31, max: 85 },
    });
  });

  it('names each bound that does not hold', () => {
    const tight = { recoverMs: { p95: 1_100, max: 1_150 }, longestGapMs: { during: 500, after: 10 } };
    const { ok, failed } = summarize({ ...good, rounds: good.rounds.slice(0, 1), bounds: tight });
    expect(ok).toBe(false);
    expect(failed).toEqual([
      'recoverMs.p95 is 1200, more than 1100',
      'recoverMs.max is 1200, more than 1150, at person-1',
      'longestGapMs.during.max of audio is 1100, more than 500',
      'longestGapMs.after.max of audio is 20, more than 10',
    ]);
  });

  it('bounds sound and pictures apart', () => {
    const apart = { ...bounds, longestGapMs: { during: { audio: 300, video: 2_000 }, after: 200 } };
    const gaps = [gap({ duringMs: 310 }), gap({ kind: 'video', duringMs: 1_900 })];
    const rounds = [{ ...round({ recoverMs: [900] }), gaps }];
    expect(summarize({ ...good, bounds: apart, rounds }).failed).toEqual([
      'longestGapMs.during.max of audio is 310, more than 300',
    ]);
  });

  it('does not hide one person who is dark for long in one round of five behind a percentile', () => {
    const dark = round({
      recoverMs: [...Array<number>(28).fill(1_200), ...Array<number>(8).fill(14_000)],
      duringMs: [900],
    });
    const well = round({ recoverMs: Array<number>(36).fill(1_200), duringMs: [900] });
    const { ok, recoverMs, worstPerson } = summarize({ ...good, rounds: [dark, well, well, well, well] });
    expect({ ok, recoverMs }).toEqual({ ok: false, recoverMs: { p50: 1_200, p95: 1_200, max: 14_000 } });
    expect(worstPerson).toEqual({ identity: 'person-28', round: 1, recoverMs: 14_000 });
  });

  it('is not well when something is left behind, or nobody looked', () => {
    expect(summarize({ ...good, leaks: ['media-node-1: 2 tracks'] })).toMatchObject({
      ...{ ok: false, leaks: 1, leaked: ['media-node-1: 2 tracks'] },
      failed: ['left behind: media-node-1: 2 tracks'],
    });
    expect(summarize({ ...good, leaks: undefined })).toMatchObject({
      ...{ ok: false, failed: ['nobody looked for what is left behind'] },
    });
  });

  it('counts each person who was lost once', () => {
    const violations = [
      { invariant: 'nobody is lost' as const, what: 'ada is not in the room', atMs: 1 },
      { invariant: 'no call ends' as const, what: 'ada: connection-lost', atMs: 2 },
      { invariant: 'no spurious event' as const, what: 'ben was told ...', atMs: 3 },
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
        'recoverMs has a bound, p95 2000, and was not measured',
        'longestGapMs.during has a bound and was not measured',
        'longestGapMs.after has a bound and was not measured',
      ],
    });
  });

  it('needs no recovery where a fault is at best not felt, but judges one that there is', () => {
    const unfelt = round({ impact: 'possible', duringMs: [120] });
    const late = round({ impact: 'possible', duringMs: [2_500], recoverMs: [2_400] });
    expect(summarize({ ...good, rounds: [unfelt] }).ok).toBe(true);
    expect(summarize({ ...good, rounds: [unfelt, late] }).failed).toEqual([
      'recoverMs.p95 is 2400, more than 2000',
    ]);
  });

  it('needs a recovery as soon as one fault of several is felt', () => {
    const rounds = [round({ impact: 'possible', duringMs: [1] }), round({ duringMs: [1] })];
    expect(summarize({ ...good, rounds }).ok).toBe(false);
  });

  it('judges each round of a mix by the bounds of what it was', () => {
    const kill = { name: 'node-kill', bounds };
    const hang = { name: 'redis-hang', bounds: { ...bounds, longestGapMs: { during: 200, after: 200 } } };
    const rounds = [
      round({ picked: hang, recoverMs: [40], duringMs: [90] }),
      round({ picked: kill, recoverMs: [900], duringMs: [1_100] }),
      round({ picked: hang, recoverMs: [40], duringMs: [400] }),
      round({ picked: kill, duringMs: [30], failed: ['nobody lost anything'] }),
    ];
    expect(summarize({ ...good, scenario: 'random', bounds: {}, rounds }).failed).toEqual([
      'round 3: redis-hang: longestGapMs.during.max of audio is 400, more than 200',
      'round 4: node-kill: nobody lost anything',
      'round 4: node-kill: recoverMs has a bound, p95 2000, and was not measured',
    ]);
  });

  it('keeps what was measured before the run failed', () => {
    const { ok, rounds, seed, failed } = summarize({
      ...good,
      leaks: undefined,
      error: new Error('no such host'),
    });
    expect({ ok, rounds, seed, failed }).toEqual({ ok: false, rounds: 2, seed: 7, failed: ['no such host'] });
  });
});
