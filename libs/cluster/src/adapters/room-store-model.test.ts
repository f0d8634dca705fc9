import { startRedis, type RedisServer } from '@skein/local-cluster';
import {
  applyChange,
  displayName,
  isWellFormedText,
  participant,
  roomStateOf,
  SkeinError,
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
} from '../index.ts';
import { MemoryRooms } from '../testing/memory-rooms.ts';
import { keys } from '../scripts/keys.ts';
import { aRequest, aTrack } from '../testing/builders.ts';

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

const person = fc.nat(2);
const trackNumber = fc.nat(2);
const nodeId = fc.constantFrom('n1', 'n2', 'n3');
const role = fc.constantFrom<Role[]>('participant', 'participant', 'viewer');
const act = fc.oneof(
  // How many changes ago the joiner's gateway heard of the room, as far as it goes.
  fc.record({
    ...{ kind: fc.constant('join' as const), person, nodeId, role, knownAgo: fc.nat(8) },
    full: fc.boolean(),
    stay: fc.constantFrom('laptop', 'phone', undefined),
    comesBack: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('move' as const), person, nodeId, stale: fc.boolean() }),
  fc.record({ kind: fc.constant('announce' as const), person, trackNumber, older: fc.boolean() }),
  fc.record({ kind: fc.constant('publish' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('update' as const), person, trackNumber, muted: fc.boolean() }),
  fc.record({ kind: fc.constant('connection' as const), person, lost: fc.boolean(), stale: fc.boolean() }),
  fc.record({ kind: fc.constant('unpublish' as const), person, trackNumber }),
  fc.record({ kind: fc.constant('leave' as const), person, stale: fc.boolean() }),
);
type Act = typeof act extends fc.Arbitrary<infer Value> ? Value : never;
/** Three people and what they say of themselves: any text at all, also such that has no UTF-8 form. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }),
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
  fc.string({ minLength: 1 }).map((text) => `${text}\ud83d`),
);
const readableText = anyText.filter((text) => displayName.safeParse(text).success);
const cast = (text: fc.Arbitrary<string>) =>
  fc.record({
    identities: fc.uniqueArray(text, { minLength: 3, maxLength: 3 }),
    name: text,
    metadata: fc.option(text, { nil: undefined }),
    room: text,
  });
type Cast = ReturnType<typeof cast> extends fc.Arbitrary<infer Value> ? Value : never;
const step = fc.oneof(
  { weight: 15, arbitrary: act },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

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

  /** The last epoch that this stay knows of itself. */
  lastEpoch(identity: string): number {
    return this.before(identity).epoch;
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
  { identities, name, metadata }: Cast,
  seen: readonly RoomState[] = [],
): Promise<RoomWrite | Placed> {
  const identity = identities[one.person] ?? '';
  const session = sessions.last(identity);
  const { epoch, sessionId, nodeId: at } = session;
  switch (one.kind) {
    case 'join':
    case 'move': {
      const candidates = { fallbackNodeId: undefined, openNodeIds: [], wishedNodeId: one.nodeId };
      const as = one.kind === 'join' ? one.role : sessions.role(session);
      const who = { identity, name, metadata, sessionId: sessions.nextId() };
      const request = aRequest({ room, ...who, candidates, role: as });
      const back = one.kind === 'join' && one.comesBack ? sessions.lastEpoch(identity) : undefined;
      const placed =
        one.kind === 'join'
          ? await rooms.place({
              ...request,
              ...{ known: seen.at(-1 - one.knownAgo), stayId: one.stay, lastEpoch: back },
              maxParticipants: one.full ? 2 : 100,
            })
          : await rooms.move({ ...request, fromEpoch: one.stale ? epoch - 1 : epoch, reason: 'drain' });
      sessions.began(placed.participant, as);
      return placed;
    }
    case 'announce': {
      const held = one.older ? sessions.before(identity) : session;
      if (sessions.role(held) === 'viewer')
        return await rooms.announce(room, { participants: [], viewers: [held], tracks: [] });
      const trackId = `${one.person}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch: held.epoch, nodeId: held.nodeId, name });
      return await rooms.announce(room, { participants: [held], tracks: [track] });
    }
    case 'publish': {
      // Sometimes one that is another's.
      const trackId = `${one.trackNumber === 2 ? 0 : one.person}:${one.trackNumber}`;
      const track = aTrack({ trackId, identity, epoch, nodeId: at, muted: one.muted, name });
      return await rooms.publishTrack(room, sessionId, track);
    }
    case 'update':
      return await rooms.updateTrack(room, session, `${one.person}:${one.trackNumber}`, one.muted);
    case 'connection': {
      const of = one.stale ? { identity, epoch: epoch - 1 } : session;
      return await rooms.updateConnection(room, of, one.lost ? 'lost' : 'connected');
    }
    case 'unpublish':
      return await rooms.unpublishTrack(room, session, `${one.person}:${one.trackNumber}`, 'off');
    case 'leave':
      return await rooms.leave(room, one.stale ? { identity, epoch: epoch - 1 } : session, 'left');
  }
}

type Outcome = { readonly write: RoomWrite | Placed } | { readonly refused: string };

async function outcomeOf(call: () => Promise<RoomWrite | Placed>): Promise<Outcome> {
  try {
    return { write: await call() };
  } catch (error) {
    // Anything else than a refusal is a bug of the store.
    if (!(error instanceof SkeinError) || !REFUSALS.has(error.code)) throw error;
    return { refused: error.code };
  }
}

const REFUSALS: ReadonlySet<string> = new Set([
  ...['ROOM_FULL', 'SUPERSEDED', 'STALE_EPOCH', 'SESSION_NOT_FOUND', 'TRACK_NOT_FOUND', 'INVALID_ARGUMENT'],
]);

/** Without numbers that come from a clock. */
function timeless(snapshot: StoredSnapshot | undefined): unknown {
  if (!snapshot) return undefined;
  const { participants, tracks, viewership } = snapshot;
  const owners = new Map(participants.map((one) => [one.identity, one]));
  return {
    participants: participants
      .map(({ epoch: _epoch, joinedAtMs: _joined, ...rest }) => rest)
      .toSorted((one, other) => (one.identity < other.identity ? -1 : 1)),
    tracks: tracks
      .map(({ epoch, ...rest }) => ({ ...rest, current: owners.get(rest.identity)?.epoch === epoch }))
      .toSorted((one, other) => (one.trackId < other.trackId ? -1 : 1)),
    viewers: viewership?.viewers ?? 0,
    nodeIds: (viewership?.nodeIds ?? []).toSorted(),
  };
}

/** What a write changed, without numbers that come from a clock. */
function kinds(outcome: Outcome): unknown {
  if ('refused' in outcome) return outcome;
  return outcome.write.changes.map(({ change }) => change.type);
}

/** What the store keeps beside the state, to be quick, agrees with it. */
async function expectBooksToAgree(room: string, snapshot: StoredSnapshot): Promise<void> {
  const { participants, tracks, viewership } = snapshot;
  const base = (keys.room(room)[0] ?? '').replace(/meta$/, '');
  const books = ['hosts', 'owned', 'viewed'].map((part) => raw.hgetall(`${base}${part}`));
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

const profile = participant.pick({ identity: true, name: true, metadata: true });
let roomCount = 0;

/** One room of the store, the same room in memory, and what a reader of the log makes of the first one. */
interface Rehearsal {
  readonly room: string;
  readonly cast: Cast;
  readonly memory: MemoryRooms;
  readonly sessions: Sessions;
  readonly modelSessions: Sessions;
  /** With those of rooms that are gone. */
  readonly seen: RoomState[];
  expected: RoomState | undefined;
  first: RoomState | undefined;
  lastVersion: number;
  lastRevision: number;
}

async function lose(run: Rehearsal): Promise<void> {
  await raw.del(...keys.room(run.room));
  run.memory.lose();
  run.expected = run.first = undefined;
}

async function expectSame(run: Rehearsal, one: Act): Promise<void> {
  const { room, cast: given, memory } = run;
  const outcome = await outcomeOf(() => carryOut(store.rooms, room, run.sessions, one, given, run.seen));
  const model = await outcomeOf(() => carryOut(memory, room, run.modelSessions, one, given));
  expect(kinds(outcome)).toEqual(kinds(model));
  if (mustRefuse(given, one)) expect(outcome).toEqual({ refused: 'INVALID_ARGUMENT' });
  // Of such a name there is no key, and no room.
  if (!isWellFormedText(room)) return expect(outcome).toEqual({ refused: 'INVALID_ARGUMENT' });
  const snapshot = await store.rooms.snapshot(room);
  expect(snapshot?.damaged).toBeUndefined();
  expect(timeless(snapshot)).toEqual(timeless(await memory.snapshot(room)));
  await expectToFollow(run, 'write' in outcome ? outcome.write : { changes: [] }, snapshot);
}

/** Whether it would write a text that nobody could read back. */
function mustRefuse({ identities, name, metadata }: Cast, { kind, person: who }: Act): boolean {
  const said = { identity: identities[who], name, metadata };
  return (kind === 'join' || kind === 'move') && !profile.safeParse(said).success;
}

async function expectToFollow(
  run: Rehearsal,
  write: RoomWrite | Placed,
  snapshot: StoredSnapshot | undefined,
): Promise<void> {
  const { changes, viewership: told } = write;
  for (const { version } of changes) {
    expect(version).toBeGreaterThan(run.lastVersion);
    run.lastVersion = version;
  }
  expect(told?.revision ?? Infinity).toBeGreaterThan(run.lastRevision);
  run.lastRevision = told?.revision ?? run.lastRevision;
  if (!snapshot) {
    run.expected = run.first = undefined;
    return;
  }
  const expected = run.expected ? applied(run.expected, changes) : roomStateOf(snapshot);
  run.expected = expected;
  run.first ??= expected;
  run.seen.push(expected);
  if ('snapshot' in write) {
    expect(write.snapshot.viewership).toEqual(snapshot.viewership);
    expect(sorted(write.snapshot)).toEqual(sorted(expected));
  }
  expect(told ?? snapshot.viewership).toEqual(snapshot.viewership);
  await expectBooksToAgree(run.room, snapshot);
  expect(sorted(snapshot)).toEqual(sorted(expected));
}

async function rehearse(given: Cast, steps: readonly Step[]): Promise<void> {
  const room = `${given.room}-${roomCount++}`;
  const none = { expected: undefined, first: undefined, lastVersion: 0, lastRevision: 0 };
  const actors = { memory: new MemoryRooms(), sessions: new Sessions(), modelSessions: new Sessions() };
  const run: Rehearsal = { room, cast: given, seen: [], ...actors, ...none };
  for (const one of steps) await (one.kind === 'lose' ? lose(run) : expectSame(run, one));
  if (!run.first || !run.expected) return;
  const log = (await store.rooms.changesSince(room, run.first.version)) ?? [];
  expect(sorted(applied(run.first, log))).toEqual(sorted(run.expected));
}

describe('the log and the snapshot of a room', () => {
  it('agree after any sequence of calls, and with a room in memory', async () => {
    const steps = fc.array(step, { maxLength: 40, size: 'max' });
    await fc.assert(fc.asyncProperty(cast(readableText), steps, rehearse), { numRuns: 60 });
  });

  it('hold no text that cannot be read back: any other is refused, by the room in memory as well', async () => {
    const steps = fc.array(act, { maxLength: 12, size: 'max' });
    await fc.assert(fc.asyncProperty(cast(anyText), steps, rehearse), { numRuns: 80 });
  });

  it('agree after many did everything at once over several connections', async () => {
    const stores = await Promise.all(
      [1, 2, 3].map(() => connectStore({ url: server.url, clock: systemClock })),
    );
    const room = 'crowd';
    const trio: Cast = { room, identities: ['ann', 'bob', 'cy'], name: 'Ö 🎓', metadata: undefined };
    const anchor = await store.rooms.place(aRequest({ room, identity: 'anchor' }));
    const told: VersionedChange[] = [];
    const crowd = fc.sample(fc.array(act, { minLength: 60, maxLength: 60, size: 'max' }), {
      numRuns: 9,
      seed: 7,
    });
    await Promise.all(
      crowd.map(async (steps, n) => {
        const { rooms } = stores[n % stores.length] ?? store;
        const sessions = new Sessions();
        for (const one of steps) {
          const outcome = await outcomeOf(() => carryOut(rooms, room, sessions, one, trio));
          if ('write' in outcome) told.push(...outcome.write.changes);
        }
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
