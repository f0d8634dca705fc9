import { describe, expect, it } from 'vitest';
import type { WorkerProcess } from '../media/engine.ts';
import { stepSilence, INSPECT_EVERY_MS, newSilence, type WorkerVerdict } from './worker-health.ts';

interface Sight {
  readonly state?: WorkerProcess['state'];
  /** CPU time used since the look before. */
  readonly spentMs?: number;
  /** Requests answered since the look before. */
  readonly answers?: number;
  /** Since the look before. */
  readonly afterMs?: number;
  readonly unseen?: boolean;
}

/** Looks until the verdict is that it hangs, `forMs` at most; says when it was, and what was thought last. */
function watched(sight: (look: number) => Sight, forMs = 60_000): { verdict: WorkerVerdict; atMs: number } {
  let [atMs, cpuMs, answered] = [0, 1000, 7];
  let silence = newSilence(atMs, answered);
  let verdict: WorkerVerdict = { kind: 'waits', suspect: false };
  for (let look = 1; verdict.kind === 'waits' && atMs < forMs; look++) {
    const { state = 'sleeps', spentMs = 0, answers = 0, afterMs = INSPECT_EVERY_MS, unseen } = sight(look);
    atMs += afterMs;
    cpuMs += spentMs;
    answered += answers;
    const process = unseen ? undefined : { state, cpuMs };
    ({ silence, verdict } = stepSilence(silence, { atMs, answered, process }));
  }
  return { verdict, atMs };
}

describe('a worker that owes an answer hangs when', () => {
  it.each<[string, Sight, number, string]>([
    ['its process is stopped', { state: 'stopped' }, 600, 'no answer for 600 ms, and its process is stopped'],
    [
      'its process sleeps on the question',
      { state: 'sleeps' },
      1000,
      'no answer for 1000 ms, and its process does nothing',
    ],
    [
      'it waits for the system, and does not come back',
      { state: 'blocked' },
      3200,
      'no answer for 3200 ms, and its process waits for the system',
    ],
    [
      'its process cannot be looked at, for longer',
      { unseen: true },
      3000,
      'no answer for 3000 ms, and its process cannot be looked at',
    ],
    [
      'it loops on a core of its own',
      { state: 'runs', spentMs: 200 },
      2200,
      'no answer for 2200 ms, with 2000 ms of CPU used, and its process is busy',
    ],
    [
      'it loops on a tenth of a core',
      { state: 'runs', spentMs: 20 },
      10_000,
      'no answer for 10000 ms, with 980 ms of CPU used, and its process is busy',
    ],
    [
      'it moves, but has answered nothing for a long time',
      { state: 'sleeps', spentMs: 10 },
      10_000,
      'no answer for 10000 ms, with 490 ms of CPU used, and its process is busy',
    ],
  ])('%s', (_what, sight, foundMs, reason) => {
    expect(watched(() => sight)).toEqual({ atMs: foundMs, verdict: { kind: 'hangs', reason } });
  });
});

describe('a worker is let live that', () => {
  const waits = expect.objectContaining({ kind: 'waits' });

  it('a worker that answers earlier requests is spared, however long it takes', () => {
    const busy = watched((look) => ({
      state: 'runs',
      spentMs: 190,
      answers: look % 6 === 0 ? 1 : 0,
    }));
    expect(busy.verdict).toEqual(waits);
  });

  it('a worker without a core for seconds is spared', () => {
    expect(watched(() => ({ state: 'runs', spentMs: 1 }), 9800).verdict).toEqual(waits);
  });

  it('a worker that waits for a disk now and then is spared', () => {
    const seen = watched((look) => ({ state: look % 4 === 0 ? 'runs' : 'blocked', spentMs: 5 }), 9800);
    expect(seen.verdict).toEqual(waits);
  });

  it('a worker that wakes after two seconds is spared, though seen asleep', () => {
    const seen = watched((look) => (look < 11 ? { state: 'blocked' } : {}), 2600);
    expect(seen.verdict).toEqual(waits);
  });

  it('a worker that was stopped for a moment is spared', () => {
    const seen = watched((look) => (look < 3 ? { state: 'stopped' } : { answers: 1 }), 2000);
    expect(seen).toEqual({ atMs: 2000, verdict: { kind: 'waits', suspect: false } });
  });

  it('a worker is spared when the node itself did not run', () => {
    const [first, verdicts] = [{ state: 'stopped', afterMs: 60_000 } as const, [] as unknown[]];
    let silence = newSilence(0, 0);
    let atMs = 0;
    for (const { state, afterMs } of [first, { state: 'runs', afterMs: 200 } as const]) {
      atMs += afterMs;
      const step = stepSilence(silence, { atMs, answered: 0, process: { state, cpuMs: 0 } });
      silence = step.silence;
      verdicts.push(step.verdict.kind);
    }
    expect(verdicts).toEqual(['waits', 'waits']);
    expect(silence.silentMs).toBe(600);
  });
});

it('a worker is suspect from the second inspection on, until it answers anything', () => {
  const verdictAt = (looks: number, answers = 0): WorkerVerdict =>
    watched((look) => ({ state: 'runs', answers: look === looks ? answers : 0 }), looks * INSPECT_EVERY_MS)
      .verdict;
  expect(verdictAt(1)).toEqual({ kind: 'waits', suspect: false });
  expect(verdictAt(2)).toEqual({ kind: 'waits', suspect: true });
  expect(verdictAt(3, 1)).toEqual({ kind: 'waits', suspect: false });
});
