import { aRequest, MemoryStore } from '@skein/cluster/testing';
import { SkeinError, type NodeRecord, type Role } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it, vi } from 'vitest';
import type { LostSessions } from './lost-sessions.ts';
import { NodeWatch } from '../nodes/node-watch.ts';
import { HealthySince } from '../leadership/healthy-since.ts';
import { Sweeper, type SweeperDeps } from './sweeper.ts';

const load = { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 };

function record(nodeId: string): NodeRecord {
  const place = { nodeId, region: 'eu', grpcAddress: `${nodeId}:7100`, workers: 1, version: '0.1.0' };
  return { ...place, state: 'ready', startedAtMs: 1, beat: 1, load };
}

/** The rooms of a store in memory; a participant is written `ann@node-1`. */
class SweptRooms {
  /** How many leaves ran at the same time, at most. */
  mostAtOnce = 0;
  readonly store: MemoryStore;
  /** As control reaches them. */
  readonly rooms: SweeperDeps['rooms'];
  readonly #inside: MemoryStore['inside'];
  #running = 0;

  constructor(clock: FakeClock) {
    this.store = new MemoryStore({ clock });
    this.#inside = this.store.inside;
    this.rooms = this.store.connect({
      beforeCall: async (call) => {
        if (call !== 'rooms.leave') return;
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
        await Promise.resolve();
        this.#running--;
      },
    }).rooms;
  }

  add(room: string, ...people: string[]): void {
    for (const person of people) this.#place(room, person, 'participant');
  }

  addViewers(room: string, ...people: string[]): void {
    for (const person of people) this.#place(room, person, 'viewer');
  }

  people(room: string): string[] {
    const { participants = [] } = this.#inside.rooms.snapshot(room) ?? {};
    return participants.map(({ identity }) => identity);
  }

  viewers(room: string): string[] {
    return this.#inside.rooms.viewers(room).map(({ identity }) => identity);
  }

  /** How often a room was read. */
  get looks(): number {
    return this.store.calls.filter((call) => call === 'rooms.snapshot').length;
  }

  /** The number of the present lease, which this control holds. */
  get fence(): number | undefined {
    return this.#inside.leader.hold('control', 60_000);
  }

  #place(room: string, person: string, role: Role): void {
    const [identity = '', preferredNodeId] = person.split('@');
    const candidates = { fallbackNodeId: undefined, openNodeIds: [], preferredNodeId };
    this.#inside.rooms.place(aRequest({ room, identity, role, candidates }));
  }
}

async function cluster({ leads = true, warn = vi.fn<() => void>() } = {}) {
  const clock = new FakeClock();
  const watch = new NodeWatch();
  const rooms = new SweptRooms(clock);
  const election = { isLeader: leads, confirm: async () => (election.isLeader ? rooms.fence : undefined) };
  const [storeHealth, busHealth] = [new HealthySince(), new HealthySince()];
  for (const one of [storeHealth, busHealth]) one.answered(clock.monotonicMs());
  const published: string[] = [];
  const lost: string[] = [];
  const lostSessions: Pick<LostSessions, 'beginSweep' | 'lostOf'> = {
    beginSweep: () => {},
    lostOf: async (_, members) => members.filter(({ identity }) => lost.includes(identity)),
  };
  const sweeper = new Sweeper({
    ...{ clock, watch, election, storeHealth, busHealth, lostSessions },
    rooms: rooms.rooms,
    log: { ...silentLogger, warn },
    random: seededRandom(1),
    publish: (room, { changes, viewership }) => {
      published.push(...changes.map(({ change }) => `${room} ${change.type}`));
      if (viewership) published.push(`${room} ${viewership.viewers} viewers`);
    },
  });
  for (const nodeId of ['n1', 'n2']) watch.heartbeat(record(nodeId), clock.monotonicMs());
  sweeper.start();
  await clock.advance(30_000);
  const die = (nodeId: string): void => {
    watch.died({ nodeId, startedAtMs: 1 }, clock.monotonicMs());
    sweeper.afterDeath();
  };
  const shared = { clock, watch, rooms, election, storeHealth, busHealth };
  return { ...shared, published, sweeper, lost, die, warn };
}

it('ten seconds after a death, participants who were not placed again are removed', async () => {
  const { clock, rooms, published, die } = await cluster();
  rooms.add('lobby', 'ann@n1', 'bob@n2');
  rooms.add('office', 'cy@n1');
  die('n1');
  await clock.advance(9_900);
  expect(rooms.people('lobby')).toEqual(['ann', 'bob']);
  await clock.advance(200);
  expect(rooms.people('lobby')).toEqual(['bob']);
  expect(rooms.people('office')).toEqual([]);
  expect(published).toEqual(['lobby participantLeft', 'office participantLeft']);
});

it('a participant that was placed again meanwhile stays', async () => {
  const { clock, rooms, die } = await cluster();
  rooms.add('lobby', 'ann@n1');
  die('n1');
  await clock.advance(5_000);
  rooms.add('lobby', 'ann@n2');
  await clock.advance(120_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
});

it('participants of a node that nobody knows are taken out when it stays so', async () => {
  const { clock, rooms, watch } = await cluster();
  rooms.add('lobby', 'ann@n7', 'bob@n8', 'cy@n1');
  while (rooms.looks === 0) await clock.advance(1000);
  watch.heartbeat(record('n8'), clock.monotonicMs());
  await clock.advance(9_000);
  expect(rooms.people('lobby')).toEqual(['ann', 'bob', 'cy']);
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual(['bob', 'cy']);
});

it('a participant whose living node has lost its session is taken out', async () => {
  const { clock, rooms, lost, published } = await cluster();
  rooms.add('lobby', 'ann@n1', 'bob@n1');
  lost.push('ann');
  await clock.advance(70_000);
  expect(rooms.people('lobby')).toEqual(['bob']);
  expect(published).toEqual(['lobby participantLeft']);
});

it.each(['storeHealth', 'busHealth'] as const)(
  'nobody is taken out until %s has lasted for ten seconds',
  async (which) => {
    const { clock, rooms, die, ...rest } = await cluster();
    rooms.add('lobby', 'ann@n1');
    die('n1');
    await clock.advance(5_000);
    rest[which].failed();
    await clock.advance(60_000);
    expect(rooms.people('lobby')).toEqual(['ann']);
    rest[which].answered(clock.monotonicMs());
    await clock.advance(25_000);
    expect(rooms.people('lobby')).toEqual([]);
  },
);

it('a control that does not lead takes nobody out, nor one whose lease has just gone', async () => {
  const follower = await cluster({ leads: false });
  follower.rooms.add('lobby', 'ann@n1');
  follower.die('n1');
  await follower.clock.advance(120_000);
  expect(follower.rooms.people('lobby')).toEqual(['ann']);

  const deposed = await cluster();
  deposed.rooms.add('lobby', 'ann@n1');
  deposed.election.confirm = async () => undefined;
  deposed.die('n1');
  await deposed.clock.advance(120_000);
  expect(deposed.rooms.people('lobby')).toEqual(['ann']);
});

it('many rooms are gone through page by page, a bounded number of calls at a time', async () => {
  const { clock, rooms, die } = await cluster();
  for (let index = 0; index < 450; index++) rooms.add(`room-${index}`, 'ann@n1', 'bob@n1', 'cy@n2');
  die('n1');
  for (let passed = 0; passed < 12_000; passed += 100) await clock.advance(100);
  await clock.advance(0);
  for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
  for (let index = 0; index < 450; index++) expect(rooms.people(`room-${index}`)).toEqual(['cy']);
  expect(rooms.mostAtOnce).toBeLessThanOrEqual(16);
});

it('a sweep that a failing store breaks off is done again', async () => {
  const { clock, rooms, die } = await cluster();
  rooms.add('lobby', 'ann@n1');
  const { leave } = rooms.rooms;
  rooms.rooms.leave = () => Promise.reject(SkeinError.unavailable('the store'));
  die('n1');
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
  rooms.rooms.leave = leave;
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual([]);
});

it('viewers of a node that died or lost them are removed too, and counted again', async () => {
  const { clock, rooms, published, lost, die } = await cluster();
  rooms.add('lobby', 'ann@n1');
  rooms.addViewers('lobby', 'vic@n2', 'val@n1', 'vera@n1');
  lost.push('vera');
  die('n2');
  await clock.advance(70_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
  expect(rooms.viewers('lobby')).toEqual(['val']);
  expect(published.toSorted()).toEqual(['lobby 1 viewers', 'lobby 2 viewers']);
});

it('an unreadable room and an unremovable participant stop no others and are counted', async () => {
  const { clock, rooms, die, warn } = await cluster();
  for (let index = 0; index < 120; index++) rooms.add(`live-${index}`, 'ann@n2');
  rooms.add('aaa', 'eve@n1', 'bob@n1');
  rooms.add('bad', 'ann@n2');
  rooms.store.inside.rooms.corrupt('bad');
  rooms.rooms.repair = () => Promise.reject(new SkeinError('INTERNAL', 'a script failed'));
  for (let index = 0; index < 30; index++) rooms.add(`zzz-${index}`, 'bob@n1');
  const { leave } = rooms.rooms;
  rooms.rooms.leave = (room, session, reason, leaderFence) =>
    session.identity === 'eve'
      ? Promise.reject(new SkeinError('INTERNAL', 'a script failed'))
      : leave(room, session, reason, leaderFence);
  die('n1');
  for (let passed = 0; passed < 11_000; passed += 100) await clock.advance(100);
  for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
  expect(rooms.people('aaa')).toEqual(['eve']);
  for (let index = 0; index < 30; index++) expect(rooms.people(`zzz-${index}`)).toEqual([]);
  expect(warn).toHaveBeenCalledWith(
    expect.objectContaining({ count: 2, rooms: expect.arrayContaining(['aaa', 'bad']) as string[] }),
    'some rooms could not be swept',
  );
});

it('a room that is damaged, or in which nobody is left, is repaired, and a sound one is not', async () => {
  const { clock, rooms, warn } = await cluster();
  rooms.add('bad', 'ann@n2');
  rooms.store.inside.rooms.addEmpty('empty');
  rooms.add('sound', 'ann@n2');
  rooms.store.inside.rooms.corrupt('bad');
  await clock.advance(70_000);
  const { auditLog } = rooms.store.inside.leader.view();
  expect(new Set(auditLog.map(({ what }) => what))).toEqual(new Set(['repair bad', 'repair empty']));
  const removed = { room: 'bad', removed: 1 };
  expect(warn).toHaveBeenCalledWith(removed, 'a damaged room was repaired');
});
