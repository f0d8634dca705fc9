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
  it('a pipe works when both ends receive', () => {
    expect(watch(times(4, steady)).verdict).toEqual({ kind: 'works' });
  });

  it('a pipe gets no verdict before anything was sent', () => {
    expect(watch(times(20, {})).verdict).toEqual({ kind: 'unsure' });
  });

  it('a pipe without traffic in one direction is not broken', () => {
    expect(watch([steady, ...times(20, { sent: 80, arrived: 80 })]).verdict.kind).not.toBe('broken');
  });

  it('a pipe that is silent while its sender sends is broken after three samples', () => {
    const found = watch([steady, ...times(10, { sent: 80, arrived: 80, theySent: 2000 })]);
    expect(found).toEqual({
      brokenAtMs: 1500,
      verdict: { kind: 'broken', reason: 'nothing arrived for 1500 ms', cutOff: false },
    });
  });

  it('many samples in a short time break no pipe', () => {
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

  it('a pipe whose packets do not arrive is broken, though it receives', () => {
    const found = watch([steady, ...times(10, { sent: 80, theySent: 2000, cameIn: 2000 })]);
    expect(found.verdict).toEqual({
      kind: 'broken',
      reason: 'nothing arrived at the other node for 1500 ms',
      cutOff: false,
    });
  });

  it('a pipe that never carried anything is detected as soon', () => {
    expect(watch(times(10, { sent: 80, theySent: 80 })).brokenAtMs).toBe(1500);
  });

  it('a pipe that loses two samples in three is not broken', () => {
    const losing = [steady, ...times(2, { ...steady, cameIn: 0 })];
    expect(watch([...losing, ...losing, ...losing]).brokenAtMs).toBeUndefined();
  });

  it('a busy node does not break a pipe while packets arrive', () => {
    const busy: Moment = { sent: 80, cameIn: 2000, there: 'unanswered' };
    expect(watch([steady, ...times(20, busy)]).brokenAtMs).toBeUndefined();
  });

  const dead: readonly Moment[] = times(10, { sent: 80, there: 'unanswered' });

  it('a pipe without answers and without its steady stream is broken, if a track is expected', () => {
    expect(watch([...times(3, steady), ...dead])).toMatchObject({
      brokenAtMs: 2 * EVERY_MS + 1000,
      verdict: { cutOff: true },
    });
    expect(watch([...times(3, steady), ...dead], { expecting: false }).brokenAtMs).toBeUndefined();
  });

  it('a pipe with sparse traffic is broken later, because sparse traffic may pause', () => {
    expect(watch([...times(3, sparse), ...dead]).brokenAtMs).toBe(2 * EVERY_MS + 2000);
    const pausedWithoutAWord = [...times(3, steady), ...times(3, sparse)];
    expect(watch([...pausedWithoutAWord, ...dead]).brokenAtMs).toBe(5 * EVERY_MS + 2000);
  });

  it('the rate before the break counts, not the sample that the break cut short', () => {
    const cutShort: Moment = { ...steady, cameIn: 100 };
    const before = times(3, { ...steady, theySent: 20_000, cameIn: 20_000 });
    expect(watch([...before, cutShort, ...dead]).brokenAtMs).toBe(3 * EVERY_MS + 1000);
  });

  it('a single missed answer breaks no pipe, however long the wait', () => {
    const missed = [...times(3, steady), { there: 'unanswered' } as const];
    expect(watch([...missed, ...missed, ...missed]).brokenAtMs).toBeUndefined();
  });

  it('a pipe on a slow line gets the time that an answer takes', () => {
    const found = watch([...times(3, steady), ...dead], { usualAnswerMs: 400 });
    expect(found.brokenAtMs).toBe(2 * EVERY_MS + 1500);
  });

  it('a pipe whose other end is gone is broken at once', () => {
    expect(watch([steady, { there: 'gone' }]).brokenAtMs).toBe(500);
  });

  it('congestion that loses most packets and answers breaks no pipe', () => {
    const little: Moment = { sent: 2000, arrived: 300, theySent: 20_000, cameIn: 600 };
    const unanswered: Moment = { cameIn: 600, there: 'unanswered' };
    const congested = [little, unanswered, unanswered, unanswered, little];
    expect(watch([...times(3, steady), ...congested, ...congested, ...congested]).brokenAtMs).toBeUndefined();
  });
});
