import { startRedis, type RedisServer } from '@skein/local-cluster';
import {
  applyChange,
  roomStateOf,
  type Participant,
  type Role,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  connectStore,
  type ClusterStore,
  type Placed,
  type RoomStore,
  type RoomWrite,
  type StoredSnapshot,
} from './index.ts';
import { aRequest, aTrack } from './test-rooms.ts';

let server: RedisServer;
let store: ClusterStore;
let raw: Redis;

beforeAll(async () => {
  server = await startRedis();
  store = await connectStore({ url: server.url, clock: systemClock });
  raw = new Redis(server.url);
});
afterAll(async () => {
  raw.disconnect();
  await store.close();
  await server[Symbol.asyncDispose]();
});

const people = ['ann', 'bob', 'cy'];
const person = fc.constantFrom(...people);
const trackNumber = fc.nat(2);
const nodeId = fc.constantFrom('n1', 'n2', 'n3');
const role = fc.constantFrom<Role[]>('participant', 'participant', 'viewer');
const act = fc.oneof(
  // How many changes ago the joiner's gateway heard of the room, as far as it goes.
  fc.record({ kind: fc.constant('join' as const), person, nodeId, role, knownAgo: fc.nat(8) }),
  fc.record({ kind: fc.constant('move' as const), person, nodeId, stale: fc.boolean() }),
  fc.record({ kind: fc.constant('announce' as const), person, trackNumber, older: fc.boolean() }),
  fc.record({ kind: fc.constant('publish' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('update' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('unpublish' as const), person, trackNumber }),
  fc.record({ kind: fc.constant('leave' as const), person, stale: fc.boolean() }),
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;
const step = fc.oneof(
  { weight: 15, arbitrary: act },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);

/** What the test knows of each person's sessions: the last one, which may be over, and the one before. */
class Sessions {
  readonly #roles = new Map<string, Role>();
  readonly #last = new Map<string, Participant>();
  readonly #before = new Map<string, Participant>();
  #count = 0;

  last(identity: string): Participant {
    const never = { identity, name: identity, sessionId: 'ses_0', nodeId: 'n1', epoch: 1, joinedAtMs: 1 };
    return this.#last.get(identity) ?? never;
  }

  before(identity: string): Participant {
    return this.#before.get(identity) ?? this.last(identity);
  }

  nextId(): string {
    return `ses_${++this.#count}`;
  }

  role({ sessionId }: Participant): Role {
    return this.#roles.get(sessionId) ?? 'participant';
  }

  began(participant: Participant, as: Role): void {
    this.#roles.set(participant.sessionId, as);
    this.#before.set(participant.identity, this.last(participant.identity));
    this.#last.set(participant.identity, participant);
  }
}

/** Carries out one step with the session that the person has as far as the test knows, even an old one. */
async function carryOut(
  rooms: RoomStore,
  room: string,
  sessions: Sessions,
  one: Act,
  seen: readonly RoomState[] = [],
): Promise<RoomWrite | Placed> {
  const identity = one.person;
  const session = sessions.last(identity);
  const { epoch, sessionId, nodeId: at } = session;
  switch (one.kind) {
    case 'join':
    case 'move': {
      const candidates = { fallbackNodeId: undefined, openNodeIds: [], wishedNodeId: one.nodeId };
      const as = one.kind === 'join' ? one.role : sessions.role(session);
      const request = aRequest({ room, identity, candidates, role: as, sessionId: sessions.nextId() });
      const placed =
        one.kind === 'join'
          ? await rooms.place({ ...request, known: seen.at(-1 - one.knownAgo) })
          : await rooms.move({ ...request, fromEpoch: one.stale ? epoch - 1 : epoch, reason: 'drain' });
      sessions.began(placed.participant, as);
      return placed;
    }
    case 'announce': {
      const held = one.older ? sessions.before(identity) : session;
      if (sessions.role(held) === 'viewer')
        return await rooms.announce(room, { participants: [], viewers: [held], tracks: [] });
      const trackId = `${identity}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch: held.epoch, nodeId: held.nodeId });
      return await rooms.announce(room, { participants: [held], tracks: [track] });
    }
    case 'publish': {
      const trackId = `${identity}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch, nodeId: at, muted: one.muted });
      return await rooms.publishTrack(room, sessionId, track);
    }
    case 'update':
      return await rooms.updateTrack(room, session, `${identity}:${one.trackNumber}`, one.muted);
    case 'unpublish':
      return await rooms.unpublishTrack(room, session, `${identity}:${one.trackNumber}`, 'off');
    case 'leave':
      return await rooms.leave(room, one.stale ? { identity, epoch: epoch - 1 } : session, 'left');
  }
}

/** What the store keeps beside the state, to be quick, agrees with it. */
async function expectBooksToAgree(room: string, snapshot: StoredSnapshot): Promise<void> {
  const { participants, tracks, viewership } = snapshot;
  const books = ['hosts', 'owned', 'viewed'].map((part) => raw.hgetall(`skein:{room:${room}}:${part}`));
  const [hosts = {}, owned = {}, viewed = {}] = await Promise.all(books);
  const viewers = await store.rooms.viewers(room);
  expect(hosts).toEqual(countsByNode([...participants, ...viewers]));
  expect(viewed).toEqual(countsByNode(viewers));
  expect(viewership?.viewers ?? 0).toBe(viewers.length);
  expect((viewership?.nodeIds ?? []).toSorted()).toEqual(Object.keys(viewed).toSorted());
  const identities = [...participants, ...viewers].map(({ identity }) => identity);
  expect(new Set(identities).size).toBe(identities.length);
  const ids = Object.values(owned).flatMap((list) => list.split(' ').filter(Boolean));
  expect(ids.toSorted()).toEqual(tracks.map(({ trackId }) => trackId).toSorted());
  for (const track of tracks) expect(owned[track.identity]).toContain(` ${track.trackId} `);
}

function countsByNode(members: readonly Participant[]): Record<string, string> {
  const counts: Record<string, string> = {};
  for (const { nodeId: at } of members) counts[at] = String(Number(counts[at] ?? 0) + 1);
  return counts;
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
        const sessions = new Sessions();
        let expected: RoomState | undefined;
        let first: RoomState | undefined;
        let lastVersion = 0;
        let lastRevision = 0;
        // With those of rooms that are gone.
        const seen: RoomState[] = [];
        for (const one of steps) {
          if (one.kind === 'lose') {
            const keys = await raw.keys(`skein:{room:${room}}:*`);
            if (keys.length > 0) await raw.del(...keys);
            expected = first = undefined;
            continue;
          }
          const write = await carryOut(rooms, room, sessions, one, seen).catch(refused);
          const { changes } = write;
          for (const { version } of changes) {
            expect(version).toBeGreaterThan(lastVersion);
            lastVersion = version;
          }
          const { viewership: told } = write;
          expect(told?.revision ?? Infinity).toBeGreaterThan(lastRevision);
          lastRevision = told?.revision ?? lastRevision;
          const snapshot = await rooms.snapshot(room);
          if (!snapshot) {
            expected = first = undefined;
            continue;
          }
          expected = expected ? applied(expected, changes) : roomStateOf(snapshot);
          first ??= expected;
          seen.push(expected);
          const answered = 'snapshot' in write ? write.snapshot : expected;
          expect('snapshot' in write ? write.snapshot.viewership : snapshot.viewership).toEqual(
            snapshot.viewership,
          );
          expect(told ?? snapshot.viewership).toEqual(snapshot.viewership);
          expect(sorted(answered)).toEqual(sorted(expected));
          await expectBooksToAgree(room, snapshot);
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
    const crowd = fc.sample(fc.array(act, { minLength: 50, maxLength: 50, size: 'max' }), {
      numRuns: 9,
      seed: 7,
    });
    await Promise.all(
      crowd.map(async (steps, n) => {
        const { rooms } = stores[n % stores.length] ?? store;
        const sessions = new Sessions();
        for (const one of steps)
          told.push(...(await carryOut(rooms, room, sessions, one).catch(refused)).changes);
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
