import type { VersionedChange } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { KEPT_CHANGES, KEPT_FOR_MS, RecentChanges } from './recent-changes.ts';

function change(version: number): VersionedChange {
  return { version, change: { type: 'trackUpdated', trackId: 'trk_1', muted: version % 2 === 0 } };
}

function range(from: number, to: number): VersionedChange[] {
  return Array.from({ length: to - from + 1 }, (_, at) => change(from + at));
}

function versions(changes: readonly VersionedChange[] | undefined): readonly number[] | undefined {
  return changes?.map(({ version }) => version);
}

describe('the recent changes of a room', () => {
  it('recent changes answer every version that they reach back to', () => {
    const recent = new RecentChanges();
    for (const one of range(11, 14)) recent.add(one, 0);
    expect(versions(recent.since(10, 14))).toEqual([11, 12, 13, 14]);
    expect(versions(recent.since(13, 14))).toEqual([14]);
    expect(versions(recent.since(14, 14))).toEqual([]);
    expect(recent.since(9, 14)).toBeUndefined();
    expect(recent.since(15, 14)).toBeUndefined();
  });

  it('recent changes answer nothing when they end before the current version', () => {
    const recent = new RecentChanges();
    recent.add(change(11), 0);
    expect(recent.since(10, 12)).toBeUndefined();
  });

  it('recent changes restart after a gap', () => {
    const recent = new RecentChanges();
    recent.add(change(11), 0);
    recent.add(change(13), 0);
    expect(recent.since(10, 13)).toBeUndefined();
    expect(versions(recent.since(12, 13))).toEqual([13]);
  });

  it('recent changes take earlier ones from the store without a gap', () => {
    const recent = new RecentChanges();
    for (const one of range(20, 21)) recent.add(one, 0);
    recent.prepend(range(15, 18), 21, 0);
    expect(recent.since(14, 21)).toBeUndefined();
    recent.prepend(range(15, 21), 21, 0);
    expect(versions(recent.since(14, 21))).toEqual([15, 16, 17, 18, 19, 20, 21]);
  });

  it('recent changes are bounded by number and age', () => {
    const recent = new RecentChanges();
    for (const one of range(1, KEPT_CHANGES + 10)) recent.add(one, 0);
    expect(recent.since(9, KEPT_CHANGES + 10)).toBeUndefined();
    expect(recent.since(10, KEPT_CHANGES + 10)).toHaveLength(KEPT_CHANGES);
    recent.add(change(KEPT_CHANGES + 11), KEPT_FOR_MS + 1);
    expect(versions(recent.since(KEPT_CHANGES + 10, KEPT_CHANGES + 11))).toEqual([KEPT_CHANGES + 11]);
    expect(recent.since(KEPT_CHANGES + 9, KEPT_CHANGES + 11)).toBeUndefined();
  });
});
