import { describe, expect, it } from 'vitest';
import type { PersonView } from './person-report.ts';
import { recoveries, unmeasured } from './rounds.ts';

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

describe('recoveries', () => {
  const track = { receiver: 'ada', identity: 'ben', trackId: 'b', kind: 'audio' as const, swappedAtMs: [] };

  it('counts media from the fault until it is back, where it was missed', () => {
    const gaps = [
      { ...track, longestGapMs: 900, endedAtMs: 2_000 },
      { ...track, longestGapMs: 90, endedAtMs: 1_800 },
      { ...track, longestGapMs: 4_000 },
    ];
    expect(recoveries('media', { gaps, views: [], faultAtMs: 1_000, toMs: 5_500 })).toEqual([1_000, 4_500]);
  });

  it('counts signaling for the clients that lost it', () => {
    const log = (...entries: readonly (readonly [string, number])[]): PersonView => ({
      ...{ identity: 'ada', atMs: 0, sessionId: 's', nodeId: 'n', gateway: '', published: [], others: [] },
      ...{ connection: { state: 'connected', atMs: 0 }, flickers: [], errors: [] },
      connectionLog: entries.map(([state, atMs]) => ({ state, atMs })),
    });
    const views = [
      log(['connected', 10], ['reconnecting', 1_100], ['connected', 1_240]),
      log(['connected', 10], ['reconnecting', 500], ['connected', 600]),
      log(['connected', 10], ['reconnecting', 1_100]),
    ];
    expect(recoveries('signaling', { gaps: [], views, faultAtMs: 1_000, toMs: 9_000 })).toEqual([240, 8_000]);
  });
});
