import { startRedis, type RedisServer } from '@skein/local-cluster';
import {
  applyChange,
  roomStateOf,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectStore, type ClusterStore, type RoomStore, type RoomWrite } from './index.ts';
import { aRequest, aTrack } from './test-rooms.ts';

let server: RedisServer;
let store: ClusterStore;

beforeAll(async () => {
  server = await startRedis();
  store = await connectStore({ url: server.url, clock: systemClock });
});
afterAll(async () => {
  await store.close();
  await server[Symbol.asyncDispose]();
});

const people = ['ann', 'bob', 'cy'];
const person = fc.constantFrom(...people);
const trackNumber = fc.nat(2);
const nodeId = fc.constantFrom('n1', 'n2', 'n3');
const step = fc.oneof(
  fc.record({ kind: fc.constant('join' as const), person, nodeId }),
  fc.record({ kind: fc.constant('publish' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('update' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('unpublish' as const), person, trackNumber }),
  fc.record({ kind: fc.constant('leave' as const), person, stale: fc.boolean() }),
);
type ModelStep = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** Carries out one step with the session that the person has as far as the test knows, even an old one. */
async function carryOut(
  rooms: RoomStore,
  room: string,
  epochs: Map<string, number>,
  one: ModelStep,
): Promise<RoomWrite> {
  const identity = one.person;
  const session = { identity, epoch: epochs.get(identity) ?? 1 };
  switch (one.kind) {
    case 'join': {
      const candidates = { fallbackNodeId: undefined, openNodeIds: [], wishedNodeId: one.nodeId };
      const placed = await rooms.place(aRequest({ room, identity, candidates }));
      epochs.set(identity, placed.participant.epoch);
      return placed;
    }
    case 'publish': {
      const trackId = `${identity}:${one.trackNumber}`;
      return await rooms.publishTrack(
        room,
        `ses_${identity}`,
        aTrack({ trackId, ...session, muted: one.muted }),
      );
    }
    case 'update':
      return await rooms.updateTrack(room, session, `${identity}:${one.trackNumber}`, one.muted);
    case 'unpublish':
      return await rooms.unpublishTrack(room, session, `${identity}:${one.trackNumber}`, 'off');
    case 'leave':
      return await rooms.leave(room, one.stale ? { identity, epoch: session.epoch - 1 } : session, 'left');
  }
}

const refused = (): RoomWrite => ({ changes: [] });

function applied(state: RoomState, changes: readonly VersionedChange[]): RoomState {
  let next = state;
  for (const change of changes) {
    const result = applyChange(next, change);
    if (result.outcome !== 'applied') throw new Error(`version ${change.version} is ${result.outcome}`);
    next = result.state;
  }
  return next;
}

function sorted({ room, version, participants, tracks }: RoomSnapshot | RoomState): object {
  const list = <Value>(values: Iterable<Value>): Value[] => [...values];
  return {
    room,
    version,
    participants: list(participants.values()).toSorted((one, other) =>
      one.identity < other.identity ? -1 : 1,
    ),
    tracks: list(tracks.values()).toSorted((one, other) => (one.trackId < other.trackId ? -1 : 1)),
  };
}

let roomCount = 0;

describe('the log and the snapshot of a room', () => {
  it('agree after any sequence of calls', async () => {
    const { rooms } = store;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40, size: 'max' }), async (steps) => {
        const room = `model-${roomCount++}`;
        const epochs = new Map<string, number>();
        let expected: RoomState | undefined;
        let first: RoomState | undefined;
        for (const one of steps) {
          const { changes } = await carryOut(rooms, room, epochs, one).catch(refused);
          const snapshot = await rooms.snapshot(room);
          if (!snapshot) {
            expected = first = undefined;
            continue;
          }
          expected = expected ? applied(expected, changes) : roomStateOf(snapshot);
          first ??= expected;
          expect(sorted(snapshot)).toEqual(sorted(expected));
        }
        if (!first || !expected) return;
        const log = (await rooms.changesSince(room, first.version)) ?? [];
        expect(sorted(applied(first, log))).toEqual(sorted(expected));
      }),
      { numRuns: 60 },
    );
  });

  it('agree after many did everything at once over several connections', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() => connectStore({ url: server.url, clock: systemClock })),
    );
    const room = 'crowd';
    const anchor = await store.rooms.place(aRequest({ room, identity: 'anchor' }));
    const told: VersionedChange[] = [];
    const crowd = fc.sample(fc.array(step, { minLength: 50, maxLength: 50, size: 'max' }), {
      numRuns: 9,
      seed: 7,
    });
    await Promise.all(
      crowd.map(async (steps, n) => {
        const { rooms } = stores[n % stores.length] ?? store;
        const epochs = new Map<string, number>();
        for (const one of steps)
          told.push(...(await carryOut(rooms, room, epochs, one).catch(refused)).changes);
      }),
    );
    await Promise.all(stores.map((one) => one.close()));
    const log = (await store.rooms.changesSince(room, anchor.snapshot.version)) ?? [];
    expect(log.length).toBeGreaterThan(50);
    expect(told.toSorted((one, other) => one.version - other.version)).toEqual(log);
    const now = await store.rooms.snapshot(room);
    expect(now && sorted(now)).toEqual(sorted(applied(roomStateOf(anchor.snapshot), log)));
  });
});
