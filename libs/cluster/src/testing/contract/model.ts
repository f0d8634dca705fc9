import {
  applyChange,
  isWellFormedText,
  participant,
  roomStateOf,
  SkeinError,
  type Participant,
  type RoomSnapshot,
  type RoomState,
  type VersionedChange,
} from '@skein/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Placed, RoomWrite, StoredSnapshot } from '../../store/room-store.ts';
import { aRequest } from '../builders.ts';
import { MemoryStore } from '../memory-store.ts';
import {
  act,
  anyText,
  carryOut,
  cast,
  readableText,
  Sessions,
  step,
  type Act,
  type Cast,
  type Step,
} from './model-steps.ts';
import type { StoreUnderTest, UseStore } from './store-under-test.ts';

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
async function expectCountersToAgree(test: StoreUnderTest, snapshot: StoredSnapshot): Promise<void> {
  const { room, participants, tracks, viewership } = snapshot;
  const counters = await test.counters?.(room);
  if (!counters) return;
  const { hosts, owned, viewed } = counters;
  const viewers = await test.store.rooms.viewers(room);
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
  readonly test: StoreUnderTest;
  readonly room: string;
  readonly cast: Cast;
  readonly memory: MemoryStore;
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
  await run.test.lose(run.room);
  run.memory.lose();
  run.expected = run.first = undefined;
}

async function expectSame(run: Rehearsal, one: Act): Promise<void> {
  const { room, cast: given, memory, test } = run;
  const { rooms } = test.store;
  const outcome = await outcomeOf(() => carryOut(rooms, room, run.sessions, one, given, run.seen));
  const model = await outcomeOf(() => carryOut(memory.rooms, room, run.modelSessions, one, given));
  expect(kinds(outcome)).toEqual(kinds(model));
  if (mustRefuse(given, one)) expect(outcome).toEqual({ refused: 'INVALID_ARGUMENT' });
  // Of such a name there is no key, and no room.
  if (!isWellFormedText(room)) return expect(outcome).toEqual({ refused: 'INVALID_ARGUMENT' });
  const snapshot = await rooms.snapshot(room);
  expect(snapshot?.damaged).toBeUndefined();
  expect(timeless(snapshot)).toEqual(timeless(await memory.rooms.snapshot(room)));
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
  await expectCountersToAgree(run.test, snapshot);
  expect(sorted(snapshot)).toEqual(sorted(expected));
}

async function rehearse(test: StoreUnderTest, given: Cast, steps: readonly Step[]): Promise<void> {
  const room = `${given.room}-${roomCount++}`;
  const none = { expected: undefined, first: undefined, lastVersion: 0, lastRevision: 0 };
  const actors = { memory: new MemoryStore(), sessions: new Sessions(), modelSessions: new Sessions() };
  const run: Rehearsal = { test, room, cast: given, seen: [], ...actors, ...none };
  for (const one of steps) await (one.kind === 'lose' ? lose(run) : expectSame(run, one));
  if (!run.first || !run.expected) return;
  const log = (await test.store.rooms.changesSince(room, run.first.version)) ?? [];
  expect(sorted(applied(run.first, log))).toEqual(sorted(run.expected));
}

/** Any sequence of calls: the state, the log and what each call returns agree, and agree with the store in memory. */
export function modelContract(use: UseStore): void {
  let test: StoreUnderTest;
  use((ready) => (test = ready));
  const rehearseHere = (given: Cast, steps: readonly Step[]) => rehearse(test, given, steps);

  describe('the log and the snapshot of a room', () => {
    it('agree after any sequence of calls, and with a room in memory', async () => {
      const steps = fc.array(step, { maxLength: 40, size: 'max' });
      await fc.assert(fc.asyncProperty(cast(readableText), steps, rehearseHere), { numRuns: 60 });
    });

    it('hold no text that cannot be read back: any other is refused, by the room in memory as well', async () => {
      const steps = fc.array(act, { maxLength: 12, size: 'max' });
      await fc.assert(fc.asyncProperty(cast(anyText), steps, rehearseHere), { numRuns: 80 });
    });

    it('agree after many did everything at once over several connections', async () => {
      const stores = await Promise.all([1, 2, 3].map(() => test.connect()));
      const room = 'crowd';
      const trio: Cast = { room, identities: ['ann', 'bob', 'cy'], name: 'Ö 🎓', metadata: undefined };
      const anchor = await test.store.rooms.place(aRequest({ room, identity: 'anchor' }));
      const told: VersionedChange[] = [];
      const crowd = fc.sample(fc.array(act, { minLength: 60, maxLength: 60, size: 'max' }), {
        numRuns: 9,
        seed: 7,
      });
      await Promise.all(
        crowd.map(async (steps, n) => {
          const { rooms } = stores[n % stores.length] ?? test.store;
          const sessions = new Sessions();
          for (const one of steps) {
            const outcome = await outcomeOf(() => carryOut(rooms, room, sessions, one, trio));
            if ('write' in outcome) told.push(...outcome.write.changes);
          }
        }),
      );
      await Promise.all(stores.map((one) => one.close()));
      const log = (await test.store.rooms.changesSince(room, anchor.snapshot.version)) ?? [];
      expect(log.length).toBeGreaterThan(50);
      expect(told.toSorted((one, other) => one.version - other.version)).toEqual(log);
      const now = await test.store.rooms.snapshot(room);
      expect(now && sorted(now)).toEqual(sorted(applied(roomStateOf(anchor.snapshot), log)));
    });
  });
}
