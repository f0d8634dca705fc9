import type { RoomSnapshot, VersionedChange } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { participant } from '../testing/client-harness.ts';
import { RoomFeed } from './room-feed.ts';

const snapshot = (version: number, ...identities: string[]): RoomSnapshot => ({
  room: 'standup',
  version,
  participants: identities.map((identity) => participant(identity)),
  tracks: [],
});
const joined = (version: number, identity: string): VersionedChange => ({
  version,
  change: { type: 'participantJoined', participant: participant(identity) },
});

function feedAt(version: number): { feed: RoomFeed; syncs: number[]; identities: () => string[] } {
  const feed = new RoomFeed(snapshot(version));
  const syncs: number[] = [];
  feed.events.on('syncNeeded', (need) => syncs.push(need.version));
  return { feed, syncs, identities: () => [...feed.room.participants.keys()] };
}

describe('RoomFeed', () => {
  it('applies changes in order and drops those that the snapshot contains', () => {
    const { feed, identities, syncs } = feedAt(5);
    for (const change of [
      joined(4, 'old'),
      joined(5, 'old'),
      joined(6, 'ada'),
      joined(6, 'again'),
      joined(7, 'bob'),
    ]) {
      feed.handleChange(change);
    }
    expect(identities()).toEqual(['ada', 'bob']);
    expect(syncs).toEqual([]);
  });

  it('requests missing changes once and continues after them', () => {
    const { feed, identities, syncs } = feedAt(5);
    for (const change of [joined(8, 'cleo'), joined(9, 'dan')]) feed.handleChange(change);
    expect(syncs).toEqual([5]);
    expect(identities()).toEqual([]);
    feed.handleSynced({ changes: [joined(6, 'ada'), joined(7, 'bob'), joined(8, 'cleo')] });
    expect(identities()).toEqual(['ada', 'bob', 'cleo', 'dan']);
  });

  it('requests again when the answer left a gap', () => {
    const { feed, syncs } = feedAt(5);
    feed.handleChange(joined(9, 'dan'));
    feed.handleSynced({ changes: [joined(6, 'ada')] });
    expect(syncs).toEqual([5, 6]);
  });

  it('replaces its state with any snapshot, and applies newer waiting changes', () => {
    const { feed, identities } = feedAt(50);
    feed.handleChange(joined(60, 'late'));
    feed.handleSynced({ snapshot: snapshot(59, 'ada') });
    expect(identities()).toEqual(['ada', 'late']);
    feed.handleSnapshot(snapshot(3, 'bob'));
    expect(identities()).toEqual(['bob']);
    expect(feed.room.version).toBe(3);
  });

  it('ignores the answer to a sync that a snapshot has overtaken', () => {
    const { feed, identities } = feedAt(5);
    feed.handleChange(joined(9, 'dan'));
    feed.handleSnapshot(snapshot(20, 'eve'));
    feed.handleSynced({ snapshot: snapshot(9, 'dan') });
    expect(identities()).toEqual(['eve']);
  });

  it('buffers at most 1024 changes, and requests the gap that an overflow leaves', () => {
    const { feed, syncs } = feedAt(0);
    for (let version = 2; version <= 1500; version++) feed.handleChange(joined(version, `p${version}`));
    feed.handleSynced({ changes: [joined(1, 'p1')] });
    expect(syncs).toEqual([0, 1]);
  });
});
