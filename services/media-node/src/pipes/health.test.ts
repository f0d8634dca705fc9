import { describe, expect, test } from 'vitest';
import { judge, type PipeHealth, type PipeSample, type Verdict } from './health.ts';

const EVERY_MS = 500;

interface Moment {
  /** Bytes since the moment before. */
  readonly sent?: number;
  readonly arrived?: number;
  readonly theySent?: number;
  readonly cameIn?: number;
  readonly there?: 'unanswered' | 'gone';
}

const steady: Moment = { sent: 80, arrived: 80, theySent: 900, cameIn: 900 };

/** Judges one sample each 500 ms and says what was found at the last one, and when it first was found broken. */
function watch(moments: readonly Moment[], expecting = true): { verdict: Verdict; brokenAtMs?: number } {
  const total = { sent: 0, arrived: 0, theySent: 0, cameIn: 0 };
  let health: PipeHealth | undefined;
  let verdict: Verdict = { kind: 'unsure' };
  for (const [index, moment] of moments.entries()) {
    for (const key of ['sent', 'arrived', 'theySent', 'cameIn'] as const) total[key] += moment[key] ?? 0;
    const sample: PipeSample = {
      atMs: index * EVERY_MS,
      here: { sentBytes: total.sent, receivedBytes: total.cameIn },
      there: moment.there ?? { sentBytes: total.theySent, receivedBytes: total.arrived },
      expecting,
    };
    ({ health, verdict } = judge(health, sample));
    if (verdict.kind === 'broken') return { verdict, brokenAtMs: index * EVERY_MS };
  }
  return { verdict };
}

const times = (count: number, moment: Moment): Moment[] => Array.from({ length: count }, () => moment);

describe('a pipe', () => {
  test('works when both nodes hear each other', () => {
    expect(watch(times(4, steady)).verdict).toEqual({ kind: 'works' });
  });

  test('is not judged before anything was sent', () => {
    expect(watch(times(20, {})).verdict).toEqual({ kind: 'unsure' });
  });

  test('in which nothing is sent in one direction is not broken', () => {
    expect(watch([steady, ...times(20, { sent: 80, arrived: 80 })]).verdict.kind).not.toBe('broken');
  });

  test('that is silent although the other node sends is broken after 1.5 s', () => {
    const found = watch([steady, ...times(10, { sent: 80, arrived: 80, theySent: 900 })]);
    expect(found).toEqual({
      brokenAtMs: 1500,
      verdict: { kind: 'broken', reason: 'nothing came in for 1500 ms', cutOff: false },
    });
  });

  test('whose packets do not arrive is broken, though everything comes in', () => {
    const found = watch([steady, ...times(10, { sent: 80, theySent: 900, cameIn: 900 })]);
    expect(found.verdict).toEqual({
      kind: 'broken',
      reason: 'nothing arrived at the other node for 1500 ms',
      cutOff: false,
    });
  });

  test('that never carried anything is found as soon', () => {
    expect(watch(times(10, { sent: 80, theySent: 80 })).brokenAtMs).toBe(1500);
  });

  test('that loses two samples in three is not broken', () => {
    const losing = [steady, ...times(2, { ...steady, cameIn: 0 })];
    expect(watch([...losing, ...losing, ...losing]).brokenAtMs).toBeUndefined();
  });

  test('whose other node is too busy to answer is not broken while packets come', () => {
    const busy: Moment = { sent: 80, cameIn: 900, there: 'unanswered' };
    expect(watch([steady, ...times(20, busy)]).brokenAtMs).toBeUndefined();
  });

  test('whose other node neither answers nor sends is broken, if something should come', () => {
    const dead = [steady, ...times(10, { sent: 80, there: 'unanswered' as const })];
    expect(watch(dead)).toMatchObject({ brokenAtMs: 1500, verdict: { cutOff: true } });
    expect(watch(dead, false).brokenAtMs).toBeUndefined();
  });

  test('that the other node does not know is broken at once', () => {
    expect(watch([steady, { there: 'gone' }]).brokenAtMs).toBe(500);
  });
});
