import { describe, expect, test } from 'vitest';
import { afterFailure, REBUILD_DEADLINE_MS } from './migration-policy.ts';

const facts = { mode: 'rebuild', placed: false, unsure: false, attempts: 1, spentMs: 0 } as const;

describe('after an attempt to move a client failed', () => {
  test('a switch that has placed nothing is given up: the present session is as good as before', () => {
    expect(afterFailure({ ...facts, mode: 'switch' })).toEqual({ do: 'giveUp', outcome: 'notBegun' });
  });

  test('a switch of which nobody knows whether it was placed is asked for again', () => {
    const next = afterFailure({ ...facts, mode: 'switch', unsure: true });
    expect(next).toEqual({ do: 'retry', afterMs: 100 });
  });

  test.each(['switch', 'rebuild'] as const)('a %s that has placed is tried elsewhere at once', (mode) => {
    expect(afterFailure({ ...facts, mode, placed: true })).toEqual({ do: 'retry', afterMs: 0 });
    expect(afterFailure({ ...facts, mode, placed: true, attempts: 2 })).toEqual({ do: 'retry', afterMs: 0 });
  });

  test('the waits between attempts grow, up to 2 s', () => {
    const waits = [1, 2, 3, 6, 50].map((attempts) => afterFailure({ ...facts, attempts }));
    expect(waits).toEqual([100, 200, 400, 2000, 2000].map((afterMs) => ({ do: 'retry', afterMs })));
  });

  test('it ends after 30 s', () => {
    const spentMs = REBUILD_DEADLINE_MS;
    expect(afterFailure({ ...facts, spentMs })).toEqual({ do: 'giveUp', outcome: 'givenUp' });
    expect(afterFailure({ ...facts, mode: 'switch', placed: true, spentMs })).toEqual({
      do: 'giveUp',
      outcome: 'givenUp',
    });
  });
});
