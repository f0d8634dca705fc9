import { describe, expect, it } from 'vitest';
import { gapsBetween } from '../clients/gaps.ts';
import {
  gapSamples,
  mediaRecoveries,
  openGaps,
  signalingRecoveries,
  unmeasured,
  type ReceivedGaps,
} from './judge.ts';
import { summarize } from './report.ts';
import { nodeKill } from '../scenarios/node-kill.ts';

function track(...gaps: ReceivedGaps['gaps']): ReceivedGaps {
  return { receiver: 'ada', identity: 'ben', trackId: 'b', kind: 'audio', swappedAtMs: [], gaps };
}

/** An arrival each 20 ms from one moment to another. */
function flow(fromMs: number, toMs: number): number[] {
  return Array.from({ length: Math.floor((toMs - fromMs) / 20) }, (_, at) => fromMs + at * 20);
}

describe('unmeasured', () => {
  const views = [
    { identity: 'ada', published: ['a'] },
    { identity: 'ben', published: ['b', 'c'] },
  ];

  it('finds nothing where every receiver has gaps of every track of the others', () => {
    const gaps = [
      { receiver: 'ben', trackId: 'a' },
      { receiver: 'ada', trackId: 'b' },
      { receiver: 'ada', trackId: 'c' },
    ];
    expect(unmeasured(views, gaps)).toEqual([]);
  });

  it('names each track that nobody looked at, and its receiver', () => {
    expect(unmeasured(views, [{ receiver: 'ada', trackId: 'c' }])).toEqual([
      'nothing was measured at ben of a of ada',
      'nothing was measured at ada of b of ben',
    ]);
  });
});

describe('recovery of media', () => {
  const times = { faultAtMs: 1_000, steadyAtMs: 8_000, toMs: 9_000 };

  it('counts from the fault to the end of the last gap that was felt', () => {
    const flapping = track(
      { fromMs: 990, toMs: 3_900 },
      { fromMs: 4_000, toMs: 4_200 },
      { fromMs: 5_000, toMs: 5_260 },
    );
    expect(mediaRecoveries('media', [flapping], times)).toEqual([{ identity: 'ada', ms: 4_260 }]);
  });

  it('leaves out who felt nothing, and what came after media was steady', () => {
    expect(mediaRecoveries('media', [track({ fromMs: 990, toMs: 1_200 })], times)).toEqual([]);
    expect(mediaRecoveries('media', [track({ fromMs: 8_010, toMs: 8_600 })], times)).toEqual([]);
  });

  it('counts to the end of the round what has not come back', () => {
    const gone = track({ fromMs: 990 });
    expect(mediaRecoveries('media', [gone], { faultAtMs: 1_000, toMs: 9_000 })).toEqual([
      { identity: 'ada', ms: 8_000 },
    ]);
    expect(openGaps([gone], 9_000)).toMatchObject([{ receiver: 'ada', forMs: 8_010 }]);
  });

  it('counts from when the fault had been taken back, where that is what it is about', () => {
    const narrow = track({ fromMs: 2_000, toMs: 4_400 });
    expect(mediaRecoveries('healing', [narrow], { ...times, healedAtMs: 4_000 })).toEqual([
      { identity: 'ada', ms: 400 },
    ]);
  });
});

describe('recovery of signaling', () => {
  it('counts to the last time that a client was connected again', () => {
    const log = (identity: string, ...entries: readonly (readonly [string, number])[]) => ({
      ...{ identity, connectionLog: entries.map(([state, atMs]) => ({ state, atMs })) },
    });
    const views = [
      log('ada', ['connected', 10], ['reconnecting', 1_100], ['connected', 1_240]),
      log('ben', ['connected', 10], ['reconnecting', 500], ['connected', 600]),
      log('cleo', ['connected', 10], ['reconnecting', 1_100]),
      log(
        'dora',
        ['connected', 10],
        ['reconnecting', 1_100],
        ['connected', 1_200],
        ['reconnecting', 1_900],
        ['connected', 2_100],
      ),
    ];
    expect(signalingRecoveries(views, { faultAtMs: 1_000, toMs: 9_000 })).toEqual([
      { identity: 'ada', ms: 240 },
      { identity: 'cleo', ms: 8_000 },
      { identity: 'dora', ms: 1_100 },
    ]);
  });
});

describe('longest gaps', () => {
  const times = { faultAtMs: 1_000, healingAtMs: 5_000, toMs: 9_000 };

  it('count before healing by when they began, and after it by what is left of them', () => {
    const straddling = track(
      { fromMs: 970, toMs: 1_100 },
      { fromMs: 4_000, toMs: 5_400 },
      { fromMs: 7_000, toMs: 7_300 },
    );
    expect(gapSamples([straddling], times)).toMatchObject([{ duringMs: 1_400, afterMs: 400 }]);
  });

  it('count after healing, whole, when the last arrival came just before it', () => {
    expect(gapSamples([track({ fromMs: 4_980, toMs: 5_300 })], times)).toMatchObject([
      { duringMs: 0, afterMs: 320 },
    ]);
  });

  it('leave out what was over before the fault', () => {
    expect(gapSamples([track({ fromMs: 500, toMs: 900 })], times)).toMatchObject([
      { duringMs: 0, afterMs: 0 },
    ]);
  });

  it('change sides when media is steady, where nothing is taken back', () => {
    const late = track({ fromMs: 6_000, toMs: 6_500 });
    expect(gapSamples([late], { faultAtMs: 1_000, steadyAtMs: 5_000, toMs: 9_000 })).toMatchObject([
      { duringMs: 0, afterMs: 500 },
    ]);
  });
});

it('does not hold when media flaps: away for 1.9 s, back for 0.3 s, again and again', () => {
  const arrivals = [
    ...flow(-1_000, 1),
    ...flow(1_900, 2_200),
    ...flow(4_050, 4_350),
    ...flow(6_200, 6_500),
    ...flow(8_350, 16_000),
  ];
  const times = { faultAtMs: 0, steadyAtMs: 11_400, healingAtMs: 11_500, toMs: 16_000 };
  const received = [track(...gapsBetween(arrivals, -500, 16_000))];
  const { ok, failed, recoverMs, worstPerson } = summarize({
    ...{ scenario: 'node-kill', seed: 1, bounds: nodeKill.bounds, violations: [], leaks: [] },
    rounds: [
      {
        recoveries: mediaRecoveries('media', received, times),
        gaps: gapSamples(received, times),
        ...{ undisturbedGapMs: [20], impact: 'certain', failed: [] },
      },
    ],
  });
  expect({ ok, recoverMs }).toEqual({ ok: false, recoverMs: { p50: 8_350, p95: 8_350, max: 8_350 } });
  expect(worstPerson).toEqual({ identity: 'ada', round: 1, recoverMs: 8_350 });
  expect(failed).toContain('recoverMs.max is 8350, more than 2000, at ada');
});
