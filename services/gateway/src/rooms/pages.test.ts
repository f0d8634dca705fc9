import {
  limits,
  type Participant,
  type RoomSnapshot,
  type Track,
  type VersionedChange,
} from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HELD_FOR_MS, PageShelf } from './page-shelf.ts';
import { boundChanges, pagesOf } from './pages.ts';

const person = (identity: string, metadata?: string): Participant => ({
  ...{ identity, name: identity, sessionId: 's', nodeId: 'n', epoch: 1, joinedAtMs: 1 },
  ...(metadata !== undefined && { metadata }),
});
const track = (trackId: string): Track =>
  ({ trackId, identity: 'p', epoch: 1, nodeId: 'n', routerId: 'r', kind: 'audio' }) as Track;

/** A thousand participants with the longest metadata, each with camera and microphone. */
const crowd: RoomSnapshot = {
  ...{ room: 'crowd', version: 3000 },
  participants: Array.from({ length: 1000 }, (_, n) => person(`p${n}`, '語'.repeat(limits.metadataLength))),
  tracks: Array.from({ length: 2000 }, (_, n) => track(`trk_${n}`)),
};
const bytesOf = (data: unknown): number => Buffer.byteLength(JSON.stringify(data));

describe('the pages of a room', () => {
  it('pages hold every entry once, in order, within their limit', () => {
    const text = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(fc.array(text), fc.array(text), fc.integer({ min: 100, max: 2000 }), (who, what, limit) => {
        const participants = who.map((name) => person('p', name));
        const tracks = what.map(track);
        const pages = pagesOf({ participants, tracks }, limit);
        expect(pages.flatMap((page) => page.participants)).toEqual(participants);
        expect(pages.flatMap((page) => page.tracks)).toEqual(tracks);
        for (const page of pages) {
          const entries = page.participants.length + page.tracks.length;
          expect(entries <= 1 || bytesOf(page) <= limit + 40).toBe(true);
        }
      }),
    );
  });

  it('pages of a thousand participants with 12 KiB of metadata have 128 KiB each', () => {
    const pages = pagesOf(crowd);
    expect(pages.length).toBeGreaterThan(90);
    for (const page of pages) expect(bytesOf(page)).toBeLessThan(limits.roomPageBytes + 100);
  });
});

describe('a shelf', () => {
  it('a page shelf returns a small room as it is', () => {
    const small = { ...crowd, participants: crowd.participants.slice(0, 3), tracks: [] };
    expect(new PageShelf(new FakeClock()).firstPageOf(small)).toBe(small);
  });

  it('a page shelf holds the pages of a large room until they expire', async () => {
    const clock = new FakeClock();
    const shelf = new PageShelf(clock);
    const { pages = 0, participants } = shelf.firstPageOf(crowd);
    const rest = Array.from({ length: pages - 1 }, (_, n) => shelf.page(3000, n + 1)?.participants ?? []);
    expect([...participants, ...rest.flat()]).toEqual(crowd.participants);
    expect(shelf.page(2999, 1)).toBeUndefined();
    expect(shelf.page(3000, pages)).toBeUndefined();
    await clock.advance(HELD_FOR_MS - 1);
    expect(shelf.page(3000, 1)).toBeDefined();
    await clock.advance(HELD_FOR_MS - 1);
    expect(shelf.page(3000, 1)).toBeDefined();
    await clock.advance(HELD_FOR_MS);
    expect(shelf.page(3000, 1)).toBeUndefined();
  });
});

it('changes are cut at the message limit, and the answer says that more follow', () => {
  const changes: VersionedChange[] = crowd.participants.slice(0, 30).map((participant, n) => ({
    version: n + 1,
    change: { type: 'participantJoined', participant },
  }));
  const part = boundChanges(changes);
  expect(part.more).toBe(true);
  expect(bytesOf(part)).toBeLessThan(limits.roomPageBytes + 100);
  expect(part.changes).toEqual(changes.slice(0, part.changes.length));
  expect(boundChanges(changes.slice(0, 5))).toEqual({ changes: changes.slice(0, 5) });
  expect(boundChanges(changes, 10).changes).toHaveLength(1);
});
