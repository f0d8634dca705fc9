import { describe, expect, it } from 'vitest';
import { planRetry, REBUILD_DEADLINE_MS } from './migration-policy.ts';

const facts = { mode: 'rebuild', placed: false, unsure: false, attempts: 1, spentMs: 0 } as const;

describe('after an attempt to move a client failed', () => {
  it('a switch that has placed nothing is given up', () => {
    expect(planRetry({ ...facts, mode: 'switch' })).toEqual({ kind: 'giveUp', failure: 'notBegun' });
  });

  it('a switch that may have been placed is retried', () => {
    const next = planRetry({ ...facts, mode: 'switch', unsure: true });
    expect(next).toEqual({ kind: 'retry', afterMs: 100 });
  });

  it.each(['switch', 'rebuild'] as const)('a %s that has placed is retried elsewhere at once', (mode) => {
    expect(planRetry({ ...facts, mode, placed: true })).toEqual({ kind: 'retry', afterMs: 0 });
    expect(planRetry({ ...facts, mode, placed: true, attempts: 2 })).toEqual({ kind: 'retry', afterMs: 0 });
  });

  it('the waits between attempts grow to 2 s', () => {
    const waits = [1, 2, 3, 6, 50].map((attempts) => planRetry({ ...facts, attempts }));
    expect(waits).toEqual([100, 200, 400, 2000, 2000].map((afterMs) => ({ kind: 'retry', afterMs })));
  });

  it('a migration is given up after 30 s', () => {
    const spentMs = REBUILD_DEADLINE_MS;
    expect(planRetry({ ...facts, spentMs })).toEqual({ kind: 'giveUp', failure: 'givenUp' });
    expect(planRetry({ ...facts, mode: 'switch', placed: true, spentMs })).toEqual({
      kind: 'giveUp',
      failure: 'givenUp',
    });
  });
});
