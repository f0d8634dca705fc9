import { SkeinError, type NodeRecord, type Participant, type VersionedChange } from '@skein/protocol';
import { FakeClock, seededRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { expect, test, vi } from 'vitest';
import type { LostSessions } from './lost-sessions.ts';
import { NodeWatch } from '../nodes/node-watch.ts';
import { Steadiness } from '../leadership/healthy-since.ts';
import { Sweeper, type SweeperParts } from './sweeper.ts';

const load = { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 };

function record(nodeId: string): NodeRecord {
  const place = { nodeId, region: 'eu', grpcAddress: `${nodeId}:7100`, workers: 1, version: '0.1.0' };
  return { ...place, state: 'ready', startedAtMs: 1, beat: 1, load };
}

function members(people: readonly string[]): Participant[] {
  return people.map((person, index) => {
    const [identity = '', nodeId = ''] = person.split('@');
    const sessionId = `ses_${identity}`;
    return { identity, name: identity, nodeId, sessionId, epoch: index + 1, joinedAtMs: 0 };
  });
}

type SweptRooms = SweeperParts['rooms'];

/** Rooms in memory; a participant is written `ann@node-1`. */
class FakeRooms implements SweptRooms {
  /** Rooms that were repaired, in order. */
  readonly repaired: string[] = [];
  /** Rooms whose reads and writes fail. */
  readonly broken = new Set<string>();
  readonly rooms = new Map<string, Participant[]>();
  readonly watching = new Map<string, Participant[]>();
  /** How many leaves ran at the same time, at most. */
  mostAtOnce = 0;
  /** How often a room was read. */
  looks = 0;
  #running = 0;

  add(room: string, ...people: string[]): void {
    this.rooms.set(room, members(people));
  }

  addViewers(room: string, ...people: string[]): void {
    this.watching.set(room, members(people));
  }

  people(room: string): string[] | undefined {
    return this.rooms.get(room)?.map(({ identity }) => identity);
  }

  async listRooms({ pageSize, after = '' }: { pageSize: number; after?: string }) {
    return [...this.rooms.keys()]
      .sort()
      .filter((name) => name > after)
      .slice(0, pageSize);
  }

  async snapshot(room: string) {
    this.looks++;
    if (this.broken.has(room)) throw new SkeinError('INTERNAL', 'a script failed');
    const participants = this.rooms.get(room);
    const viewers = this.watching.get(room)?.length ?? 0;
    const viewership = { viewers, nodeIds: [], revision: viewers };
    return participants && { room, version: 1, participants, tracks: [], viewership };
  }

  async repair(room: string): Promise<number> {
    this.repaired.push(room);
    return this.broken.delete(room) ? 1 : 0;
  }

  async viewers(room: string) {
    return this.watching.get(room) ?? [];
  }

  async leave(room: string, { identity, epoch }: { identity: string; epoch: number }, reason: string) {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    await Promise.resolve();
    this.#running--;
    const members = this.rooms.get(room) ?? [];
    const watching = this.watching.get(room) ?? [];
    const stay = watching.filter((one) => one.identity !== identity || one.epoch !== epoch);
    this.watching.set(room, stay);
    if (stay.length < watching.length)
      return { changes: [], viewership: { viewers: stay.length, nodeIds: [], revision: 9 } };
    const left = members.filter((one) => one.identity === identity && one.epoch === epoch);
    this.rooms.set(
      room,
      members.filter((one) => !left.includes(one)),
    );
    const change = { type: 'participantLeft' as const, identity, epoch, reason };
    return { changes: left.map((): VersionedChange => ({ version: 2, change })) };
  }
}

async function world({ leads = true, warn = vi.fn<() => void>() } = {}) {
  const clock = new FakeClock();
  const watch = new NodeWatch();
  const rooms = new FakeRooms();
  const leadership = { leading: leads, confirm: async () => (leadership.leading ? 1 : undefined) };
  const [storeSteadiness, busSteadiness] = [new Steadiness(), new Steadiness()];
  for (const one of [storeSteadiness, busSteadiness]) one.answered(clock.monotonicMs());
  const published: string[] = [];
  const lost: string[] = [];
  const lostSessions: Pick<LostSessions, 'beginSweep' | 'lostOf'> = {
    beginSweep: () => {},
    lostOf: async (_, members) => members.filter(({ identity }) => lost.includes(identity)),
  };
  const sweeper = new Sweeper({
    ...{ clock, watch, rooms, leadership, storeSteadiness, busSteadiness, lostSessions },
    log: { ...silentLogger, warn },
    random: seededRandom(1),
    publish: (room, { changes, viewership }) => {
      published.push(...changes.map(({ change }) => `${room} ${change.type}`));
      if (viewership) published.push(`${room} ${viewership.viewers} viewers`);
    },
  });
  for (const nodeId of ['n1', 'n2']) watch.beat(record(nodeId), clock.monotonicMs());
  sweeper.start();
  await clock.advance(30_000);
  const die = (nodeId: string): void => {
    watch.died({ nodeId, startedAtMs: 1 }, clock.monotonicMs());
    sweeper.afterDeath();
  };
  const shared = { clock, watch, rooms, leadership, storeSteadiness, busSteadiness };
  return { ...shared, published, sweeper, lost, die, warn };
}

test('ten seconds after a death, those whom nobody placed again are taken out, and the rooms are told', async () => {
  const { clock, rooms, published, die } = await world();
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

test('a participant that was placed again meanwhile stays', async () => {
  const { clock, rooms, die } = await world();
  rooms.add('lobby', 'ann@n1');
  die('n1');
  await clock.advance(5_000);
  rooms.add('lobby', 'ann@n2');
  await clock.advance(120_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
});

test('participants of a node that nobody knows are taken out when it stays so', async () => {
  const { clock, rooms, watch } = await world();
  rooms.add('lobby', 'ann@n7', 'bob@n8', 'cy@n1');
  while (rooms.looks === 0) await clock.advance(1000);
  watch.beat(record('n8'), clock.monotonicMs());
  await clock.advance(9_000);
  expect(rooms.people('lobby')).toEqual(['ann', 'bob', 'cy']);
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual(['bob', 'cy']);
});

test('a participant whose living node has lost its session is taken out', async () => {
  const { clock, rooms, lost, published } = await world();
  rooms.add('lobby', 'ann@n1', 'bob@n1');
  lost.push('ann');
  await clock.advance(70_000);
  expect(rooms.people('lobby')).toEqual(['bob']);
  expect(published).toEqual(['lobby participantLeft']);
});

test.each(['storeSteadiness', 'busSteadiness'] as const)(
  'nobody is taken out until %s has lasted for ten seconds',
  async (which) => {
    const { clock, rooms, die, ...rest } = await world();
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

test('a control that does not lead takes nobody out, nor one whose lease has just gone', async () => {
  const follower = await world({ leads: false });
  follower.rooms.add('lobby', 'ann@n1');
  follower.die('n1');
  await follower.clock.advance(120_000);
  expect(follower.rooms.people('lobby')).toEqual(['ann']);

  const deposed = await world();
  deposed.rooms.add('lobby', 'ann@n1');
  deposed.leadership.confirm = async () => undefined;
  deposed.die('n1');
  await deposed.clock.advance(120_000);
  expect(deposed.rooms.people('lobby')).toEqual(['ann']);
});

test('many rooms are gone through page by page, a bounded number of calls at a time', async () => {
  const { clock, rooms, die } = await world();
  for (let index = 0; index < 450; index++) rooms.add(`room-${index}`, 'ann@n1', 'bob@n1', 'cy@n2');
  die('n1');
  for (let passed = 0; passed < 12_000; passed += 100) await clock.advance(100);
  await clock.advance(0);
  for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
  expect([...rooms.rooms.values()].every((members) => members.length === 1)).toBe(true);
  expect(rooms.mostAtOnce).toBeLessThanOrEqual(16);
});

test('a sweep that a failing store breaks off is done again', async () => {
  const { clock, rooms, die } = await world();
  rooms.add('lobby', 'ann@n1');
  const leave = rooms.leave.bind(rooms);
  rooms.leave = () => Promise.reject(SkeinError.unavailable('the store'));
  die('n1');
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
  rooms.leave = leave;
  await clock.advance(15_000);
  expect(rooms.people('lobby')).toEqual([]);
});

test('viewers of a node that died or lost them are taken out too, and counted anew', async () => {
  const { clock, rooms, published, lost, die } = await world();
  rooms.add('lobby', 'ann@n1');
  rooms.addViewers('lobby', 'vic@n2', 'val@n1', 'vera@n1');
  lost.push('vera');
  die('n2');
  await clock.advance(70_000);
  expect(rooms.people('lobby')).toEqual(['ann']);
  expect(rooms.watching.get('lobby')?.map(({ identity }) => identity)).toEqual(['val']);
  expect(published.toSorted()).toEqual(['lobby 1 viewers', 'lobby 2 viewers']);
});

test('a room that cannot be read, and a participant who cannot be taken out, stop nobody else, and are counted', async () => {
  const { clock, rooms, die, warn } = await world();
  for (let index = 0; index < 120; index++) rooms.add(`live-${index}`, 'ann@n2');
  rooms.add('aaa', 'eve@n1', 'bob@n1');
  rooms.add('bad', 'ann@n2');
  rooms.broken.add('bad');
  rooms.repair = () => Promise.reject(new SkeinError('INTERNAL', 'a script failed'));
  for (let index = 0; index < 30; index++) rooms.add(`zzz-${index}`, 'bob@n1');
  const leave = rooms.leave.bind(rooms);
  rooms.leave = (room, session, reason) =>
    session.identity === 'eve'
      ? Promise.reject(new SkeinError('INTERNAL', 'a script failed'))
      : leave(room, session, reason);
  die('n1');
  for (let passed = 0; passed < 11_000; passed += 100) await clock.advance(100);
  for (let turn = 0; turn < 2000; turn++) await Promise.resolve();
  expect(rooms.people('aaa')).toEqual(['eve']);
  for (let index = 0; index < 30; index++) expect(rooms.people(`zzz-${index}`)).toEqual([]);
  expect(warn).toHaveBeenCalledWith(
    expect.objectContaining({ count: 2, rooms: expect.arrayContaining(['aaa', 'bad']) as string[] }),
    'rooms could not be swept as they should',
  );
});

test('a room that is damaged, or in which nobody is left, is repaired, and a sound one is not', async () => {
  const { clock, rooms, warn } = await world();
  rooms.add('bad', 'ann@n2');
  rooms.add('empty');
  rooms.add('sound', 'ann@n2');
  rooms.broken.add('bad');
  await clock.advance(70_000);
  expect(new Set(rooms.repaired)).toEqual(new Set(['bad', 'empty']));
  const removed = { room: 'bad', removed: 1 };
  expect(warn).toHaveBeenCalledWith(removed, 'removed what could not be read from a room');
});
