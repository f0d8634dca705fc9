import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodesChunks, roomChunks, roomsChunks } from './control-chunks.ts';
import type { Room } from './generated/skein/control/v1/Room.ts';
import type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
import { roomMediaChunks, roomNamesChunks } from './node-chunks.ts';
import { PART_BYTES } from './chunks.ts';

const id = fc.string({ minLength: 1, maxLength: 8 });
const many = (length: number, name: string): string[] => Array.from({ length }, (_, n) => `${name}-${n}`);
/** Some lists are longer than a piece, so that they are cut. */
const ids = fc.oneof(
  fc.array(id, { maxLength: 3 }),
  fc.integer({ min: 999, max: 3001 }).map((length) => many(length, 'trk')),
);

const mediaOf: fc.Arbitrary<RoomMedia> = fc.record({
  ...{ room: id, nodeId: id, version: fc.nat(), routerIds: fc.array(id, { maxLength: 3 }) },
  sessions: fc.array(
    fc.record({
      ...{
        sessionId: id,
        identity: id,
        epoch: fc.nat(),
        routerId: id,
        trackIds: fc.array(id, { maxLength: 3 }),
      },
      subscriptions: ids.map((trackIds) =>
        trackIds.map((trackId) => ({ subscriptionId: 's'.repeat(64), trackId, paused: true })),
      ),
    }),
    { maxLength: 6 },
  ),
  pipes: fc.array(
    fc.record({
      ...{ kind: fc.constantFrom('NODE' as const, 'WORKER' as const), localRouterId: id },
      ...{ peerNodeId: id, peerRouterId: id, tracksIn: ids, tracksOut: ids },
    }),
    { maxLength: 4 },
  ),
});

const roomOf: fc.Arbitrary<Room> = fc.record({
  ...{ room: id, version: fc.nat(), viewers: fc.nat(), silentNodeIds: fc.array(id, { maxLength: 3 }) },
  participants: fc.nat(2500).map((count) =>
    many(count, 'ж'.repeat(20)).map((identity) => ({
      ...{ identity, name: identity, nodeId: 'n', sessionId: 's', epoch: 1, joinedAtMs: 1, lost: false },
    })),
  ),
  tracks: fc.constant([]),
  pipes: fc.array(
    fc.record({
      ...{ fromNodeId: id, fromRouterId: id, toNodeId: id, toRouterId: id },
      ...{ tracksForward: ids, tracksBackward: ids },
    }),
    { maxLength: 4 },
  ),
});

const bytesOf = (part: unknown): number => Buffer.byteLength(JSON.stringify(part));

describe('an answer in parts', () => {
  it("a report of a room's media survives splitting, and no chunk is large", () => {
    fc.assert(
      fc.property(mediaOf, (media) => {
        const parts = [...roomMediaChunks.split(media)];
        for (const part of parts) expect(bytesOf(part)).toBeLessThan(1.1 * PART_BYTES);
        expect(roomMediaChunks.merge(parts)).toEqual(media);
      }),
      { numRuns: 30 },
    );
  });

  it('a room survives splitting, and no chunk is large', () => {
    fc.assert(
      fc.property(roomOf, (room) => {
        const parts = [...roomChunks.split(room)];
        for (const part of parts) expect(bytesOf(part)).toBeLessThan(1.1 * PART_BYTES);
        expect(roomChunks.merge(parts)).toEqual(room);
      }),
      { numRuns: 30 },
    );
  });

  it('lists of rooms and nodes survive splitting, empty ones too', () => {
    for (const count of [0, 1, 40_000]) {
      const rooms = many(count, 'room');
      const names = [...roomNamesChunks.split({ rooms })];
      expect(roomNamesChunks.merge(names)).toEqual({ rooms });
      const counts = { version: 1, participants: 1, tracks: 1, nodeIds: ['n'], viewers: 0 };
      const listed = { rooms: rooms.map((room) => ({ room, ...counts })), nextPageToken: 'next' };
      const parts = [...roomsChunks.split(listed)];
      for (const part of [...names, ...parts]) expect(bytesOf(part)).toBeLessThan(1.1 * PART_BYTES);
      expect(roomsChunks.merge(parts)).toEqual(listed);
      expect(nodesChunks.merge([...nodesChunks.split({ nodes: [] })])).toEqual({ nodes: [] });
    }
  });
});
