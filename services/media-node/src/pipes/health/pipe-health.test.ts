import { describe, expect, it } from 'vitest';
import { isSuspect, stepHealth, type PipeHealth, type PipeSample, type Verdict } from './pipe-health.ts';

const EVERY_MS = 500;

interface Moment {
  /** Bytes since the moment before. */
  readonly sent?: number;
  readonly arrived?: number;
  readonly theySent?: number;
  readonly cameIn?: number;
  readonly there?: 'unanswered' | 'gone';
}

/** A voice without pauses, 32 kbit/s; one with pauses; who sends nothing says at least that. */
const steady: Moment = { sent: 80, arrived: 80, theySent: 2000, cameIn: 2000 };
const sparse: Moment = { sent: 80, arrived: 80, theySent: 120, cameIn: 120 };

/** Judges one sample each 500 ms and says what was found at the last one, and when it first was found broken. */
function watch(
  moments: readonly Moment[],
  { expecting = true, usualAnswerMs = 0 } = {},
): { verdict: Verdict; brokenAtMs?: number } {
  const total = { sent: 0, arrived: 0, theySent: 0, cameIn: 0 };
  let health: PipeHealth | undefined;
  let verdict: Verdict = { kind: 'unsure' };
  for (const [index, moment] of moments.entries()) {
    for (const key of ['sent', 'arrived', 'theySent', 'cameIn'] as const) total[key] += moment[key] ?? 0;
    const sample: PipeSample = {
      atMs: index * EVERY_MS,
      here: { sentBytes: total.sent, receivedBytes: total.cameIn },
      there: moment.there ?? { sentBytes: total.theySent, receivedBytes: total.arrived },
      ...{ expecting, usualAnswerMs },
    };
    ({ health, verdict } = stepHealth(health, sample));
    if (verdict.kind === 'broken') return { verdict, brokenAtMs: index * EVERY_MS };
  }
  return { verdict };
}

const times = (count: number, moment: Moment): Moment[] => Array.from({ length: count }, () => moment);

describe('a pipe', () => {
  it('works when both nodes hear each other', () => {
    expect(watch(times(4, steady)).verdict).toEqual({ kind: 'works' });
  });

  it('is not judged before anything was sent', () => {
    expect(watch(times(20, {})).verdict).toEqual({ kind: 'unsure' });
  });

  it('in which nothing is sent in one direction is not broken', () => {
    expect(watch([steady, ...times(20, { sent: 80, arrived: 80 })]).verdict.kind).not.toBe('broken');
  });

  it('that is silent although the other node sends is broken after the third sample that shows it', () => {
    const found = watch([steady, ...times(10, { sent: 80, arrived: 80, theySent: 2000 })]);
    expect(found).toEqual({
      brokenAtMs: 1500,
      verdict: { kind: 'broken', reason: 'nothing arrived for 1500 ms', cutOff: false },
    });
  });

  it('is not broken by many samples in a short time', () => {
    let health: PipeHealth | undefined;
    for (let atMs = 0; atMs < 1000; atMs += 100) {
      const there = { sentBytes: atMs, receivedBytes: atMs };
      const sample = { atMs, here: { sentBytes: atMs, receivedBytes: 0 }, there, expecting: true };
      const judged = stepHealth(health, sample);
      expect(judged.verdict.kind).toBe('unsure');
      expect(isSuspect(judged.health, sample)).toBe(atMs > 0);
      health = judged.health;
    }
  });

  it('whose packets do not arrive is broken, though everything comes in', () => {
    const found = watch([steady, ...times(10, { sent: 80, theySent: 2000, cameIn: 2000 })]);
    expect(found.verdict).toEqual({
      kind: 'broken',
      reason: 'nothing arrived at the other node for 1500 ms',
      cutOff: false,
    });
  });

  it('that never carried anything is found as soon', () => {
    expect(watch(times(10, { sent: 80, theySent: 80 })).brokenAtMs).toBe(1500);
  });

  it('that loses two samples in three is not broken', () => {
    const losing = [steady, ...times(2, { ...steady, cameIn: 0 })];
    expect(watch([...losing, ...losing, ...losing]).brokenAtMs).toBeUndefined();
  });

  it('whose other node is too busy to answer is not broken while packets come', () => {
    const busy: Moment = { sent: 80, cameIn: 2000, there: 'unanswered' };
    expect(watch([steady, ...times(20, busy)]).brokenAtMs).toBeUndefined();
  });

  const dead: readonly Moment[] = times(10, { sent: 80, there: 'unanswered' });

  it('whose other node neither answers nor sends what it steadily sent is broken, if something should come', () => {
    expect(watch([...times(3, steady), ...dead])).toMatchObject({
      brokenAtMs: 2 * EVERY_MS + 1000,
      verdict: { cutOff: true },
    });
    expect(watch([...times(3, steady), ...dead], { expecting: false }).brokenAtMs).toBeUndefined();
  });

  it('through which little came is broken later: that may stop by itself while the other node is busy', () => {
    expect(watch([...times(3, sparse), ...dead]).brokenAtMs).toBe(2 * EVERY_MS + 2000);
    const pausedWithoutAWord = [...times(3, steady), ...times(3, sparse)];
    expect(watch([...pausedWithoutAWord, ...dead]).brokenAtMs).toBe(5 * EVERY_MS + 2000);
  });

  it('is judged by what came before the break, not by the sample that the break cut short', () => {
    const cutShort: Moment = { ...steady, cameIn: 100 };
    const before = times(3, { ...steady, theySent: 20_000, cameIn: 20_000 });
    expect(watch([...before, cutShort, ...dead]).brokenAtMs).toBe(3 * EVERY_MS + 1000);
  });

  it('is broken by no single answer that is missed, however long it was waited for', () => {
    const missed = [...times(3, steady), { there: 'unanswered' } as const];
    expect(watch([...missed, ...missed, ...missed]).brokenAtMs).toBeUndefined();
  });

  it('on a slow line is given the time that an answer takes there', () => {
    const found = watch([...times(3, steady), ...dead], { usualAnswerMs: 400 });
    expect(found.brokenAtMs).toBe(2 * EVERY_MS + 1500);
  });

  it('that the other node does not know is broken at once', () => {
    expect(watch([steady, { there: 'gone' }]).brokenAtMs).toBe(500);
  });

  it('is not broken by congestion: most packets are lost and many questions, and still some come', () => {
    const little: Moment = { sent: 2000, arrived: 300, theySent: 20_000, cameIn: 600 };
    const unanswered: Moment = { cameIn: 600, there: 'unanswered' };
    const congested = [little, unanswered, unanswered, unanswered, little];
    expect(watch([...times(3, steady), ...congested, ...congested, ...congested]).brokenAtMs).toBeUndefined();
  });
});
