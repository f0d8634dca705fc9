import type { RoomSnapshot, VersionedChange } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { participant } from '../testing/client-harness.ts';
import { RoomFeed } from './room-feed.ts';

const snapshot = (version: number, ...people: string[]): RoomSnapshot => ({
  room: 'standup',
  version,
  participants: people.map((identity) => participant(identity)),
  tracks: [],
});
const joined = (version: number, identity: string): VersionedChange => ({
  version,
  change: { type: 'participantJoined', participant: participant(identity) },
});

function feedAt(version: number): { feed: RoomFeed; syncs: number[]; people: () => string[] } {
  const feed = new RoomFeed(snapshot(version));
  const syncs: number[] = [];
  feed.events.on('syncNeeded', (need) => syncs.push(need.version));
  return { feed, syncs, people: () => [...feed.room.participants.keys()] };
}

describe('a room feed', () => {
  it('applies changes in order and drops those that the snapshot holds already', () => {
    const { feed, people, syncs } = feedAt(5);
    for (const change of [
      joined(4, 'old'),
      joined(5, 'old'),
      joined(6, 'ada'),
      joined(6, 'again'),
      joined(7, 'bob'),
    ]) {
      feed.handleChange(change);
    }
    expect(people()).toEqual(['ada', 'bob']);
    expect(syncs).toEqual([]);
  });

  it('asks once for what is missing and goes on from there', () => {
    const { feed, people, syncs } = feedAt(5);
    for (const change of [joined(8, 'cleo'), joined(9, 'dan')]) feed.handleChange(change);
    expect(syncs).toEqual([5]);
    expect(people()).toEqual([]);
    feed.handleSynced({ changes: [joined(6, 'ada'), joined(7, 'bob'), joined(8, 'cleo')] });
    expect(people()).toEqual(['ada', 'bob', 'cleo', 'dan']);
  });

  it('asks again when the answer left a gap', () => {
    const { feed, syncs } = feedAt(5);
    feed.handleChange(joined(9, 'dan'));
    feed.handleSynced({ changes: [joined(6, 'ada')] });
    expect(syncs).toEqual([5, 6]);
  });

  it('takes a snapshot in place of what it holds, even an older one, and keeps newer changes that wait', () => {
    const { feed, people } = feedAt(50);
    feed.handleChange(joined(60, 'late'));
    feed.handleSynced({ snapshot: snapshot(59, 'ada') });
    expect(people()).toEqual(['ada', 'late']);
    feed.handleSnapshot(snapshot(3, 'bob'));
    expect(people()).toEqual(['bob']);
    expect(feed.room.version).toBe(3);
  });

  it('ignores the answer to a sync that a snapshot has overtaken', () => {
    const { feed, people } = feedAt(5);
    feed.handleChange(joined(9, 'dan'));
    feed.handleSnapshot(snapshot(20, 'eve'));
    feed.handleSynced({ snapshot: snapshot(9, 'dan') });
    expect(people()).toEqual(['eve']);
  });

  it('keeps at most 1024 changes while it waits; the gap that this leaves is asked for', () => {
    const { feed, syncs } = feedAt(0);
    for (let version = 2; version <= 1500; version++) feed.handleChange(joined(version, `p${version}`));
    feed.handleSynced({ changes: [joined(1, 'p1')] });
    expect(syncs).toEqual([0, 1]);
  });
});
