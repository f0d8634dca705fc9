import { describe, expect, it, vi } from 'vitest';
import { connectStore, type StoredSnapshot } from '../index.ts';
import { aNode, aRequest, aTrack } from '../testing/builders.ts';
import { systemClock } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { useRedis, type RedisUnderTest } from '../testing/redis-store.ts';

let test: RedisUnderTest;
useRedis((ready) => (test = ready));

const half = JSON.parse('"Ada \\ud83d"') as string;
const keyOf = (part: string, room = 'blue') => `skein:{room:${room}}:${part}`;
const place = (identity: string, given: object = {}) =>
  test.store.rooms.place(aRequest({ identity, ...given }));
const leads = async () => (await test.store.leader.hold('control', 5000)) ?? 0;

async function roomOfTwo() {
  const { participant: ann } = await place('ann');
  const { participant: bob } = await place('bob');
  const track = aTrack({ trackId: 'trk_bob', identity: 'bob', epoch: bob.epoch });
  await test.store.rooms.publishTrack('blue', bob.sessionId, track);
  return { ann, bob, track };
}

const names = (snapshot: StoredSnapshot | undefined) =>
  snapshot?.participants.map(({ identity }) => identity);

describe('text that has no UTF-8 form', () => {
  it.each([
    ['room', () => place('ann', { room: half })],
    ['identity', () => place(half)],
    ['name', () => place('ann', { name: half })],
    ['metadata', () => place('ann', { metadata: half })],
  ])('is refused by the store itself as %s', async (_, write) => {
    await expect(write()).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
    expect(await test.raw.dbsize()).toBe(0);
  });

  it('never makes two names one key', async () => {
    const { rooms } = test.store;
    const others = ['\ud83d', '\udc00'].map((name) => rooms.snapshot(`r${name}`));
    for (const outcome of await Promise.allSettled(others)) expect(outcome.status).toBe('rejected');
  });
});

/** What somebody may put there by hand. */
const damages: Record<string, () => Promise<unknown>> = {
  'no JSON': () => test.raw.hset(keyOf('members'), 'eve', '7 7 7 node-1 ses_e - {nonsense}'),
  'another form': () => test.raw.hset(keyOf('members'), 'eve', '{"identity":"eve","epoch":7}'),
  'a member that matches no schema': () =>
    test.raw.hset(keyOf('members'), 'eve', '7 7 7 node-1 ses_e - {"name":7}'),
  'half a surrogate pair': () =>
    test.raw.hset(keyOf('members'), 'eve', '7 7 7 node-1 ses_e - {"name":"Eve \\ud83d"}'),
  'a name of bytes that are no text': () =>
    test.raw.hset(keyOf('members'), 'eve', Buffer.from('7 7 7 node-1 ses_e x {"name\xff":"Eve"}', 'latin1')),
  'a track that is none': () => test.raw.hset(keyOf('tracks'), 'trk_eve', 'nothing'),
  'a track that nobody owns': () =>
    test.raw.hset(keyOf('tracks'), 'trk_eve', '7 0 {"identity":"eve","nodeId":"n","routerId":"r"}'),
  'a viewer that is none': () => test.raw.hset(keyOf('viewers'), 'eve', 'nobody'),
};

describe.each(Object.entries(damages))('%s in a room', (_, damage) => {
  it('hides nobody else, and stops neither placing, moving, publishing, announcing nor leaving', async () => {
    const { ann, bob, track } = await roomOfTwo();
    await damage();
    const { rooms } = test.store;
    expect(names(await rooms.snapshot('blue'))).toEqual(['ann', 'bob']);
    expect((await rooms.snapshot('blue'))?.tracks).toEqual([track]);
    const { participant: cy, snapshot } = await place('cy');
    expect(names(snapshot)).toEqual(['ann', 'bob', 'cy']);
    const moving = { ...aRequest({ identity: 'ann', sessionId: 'ses_2' }), fromEpoch: ann.epoch };
    const moved = await rooms.move({ ...moving, reason: 'drain' });
    await rooms.updateTrack('blue', bob, 'trk_bob', true);
    const dan = { ...cy, identity: 'dan', sessionId: 'ses_dan' };
    await rooms.announce('blue', { participants: [cy, dan], tracks: [] });
    for (const one of [moved.participant, cy, dan]) await rooms.leave('blue', one, 'left');
    expect(names(await rooms.snapshot('blue'))).toEqual(['bob']);
    expect(await rooms.listRooms({ pageSize: 5 })).toEqual(['blue']);
  });

  it('is removed by a repair, which leaves the others, and a room of nobody else is freed', async () => {
    const { ann, bob, track } = await roomOfTwo();
    const { rooms } = test.store;
    const fence = await leads();
    expect(await rooms.repair('blue', fence)).toBe(0);
    const before = await rooms.snapshot('blue');
    await damage();
    expect(await rooms.repair('blue', fence)).toBe(1);
    const after = await rooms.snapshot('blue');
    expect(after).toMatchObject({ participants: [ann, bob], tracks: [track], bornVersion: after?.version });
    expect(after?.version).toBeGreaterThan(before?.version ?? Infinity);
    expect(await rooms.repair('blue', fence)).toBe(0);
    expect(await test.raw.hgetall(keyOf('hosts'))).toEqual({ 'node-1': '2' });

    await damage();
    for (const one of [ann, bob]) await rooms.leave('blue', one, 'left');
    if (await rooms.snapshot('blue')) await rooms.repair('blue', fence);
    expect(await rooms.listRooms({ pageSize: 5 })).toEqual([]);
    expect((await test.raw.keys('skein:{room:*')).toSorted()).toEqual([]);
  });
});

it('an identity of bytes that are no text is found, and removed by a repair', async () => {
  const { ann, bob } = await roomOfTwo();
  await test.raw.hset(keyOf('members'), Buffer.from([0x65, 0xff]), '7 7 7 node-1 ses_e - {"name":"Eve"}');
  await place('\ufffd', { sessionId: 'ses_r' });
  const { rooms } = test.store;
  expect((await rooms.snapshot('blue'))?.damaged).toBe(2);
  expect(await rooms.repair('blue', await leads())).toBe(1);
  expect(names(await rooms.snapshot('blue'))).toEqual([ann.identity, bob.identity, '\ufffd']);
});

describe.each(['meta', 'members', 'tracks', 'hosts', 'owned', 'log', 'viewers', 'viewed'])(
  'a %s key of another type',
  (part) => {
    it('fails its own room only, until it is repaired', async () => {
      await roomOfTwo();
      await place('zoe', { room: 'red' });
      await test.raw.set(keyOf(part), 'something else');
      const { rooms } = test.store;
      expect(await rooms.listRooms({ pageSize: 5 })).toEqual(['blue', 'red']);
      expect(await rooms.heads(['blue', 'red'])).toHaveLength(2);
      expect(names(await rooms.snapshot('red'))).toEqual(['zoe']);
      expect(await rooms.repair('blue', await leads())).toBeGreaterThan(0);
      const { participant } = await place('cy');
      expect(names(await rooms.snapshot('blue'))).toContain('cy');
      await rooms.leave('blue', participant, 'left');
    });
  },
);

describe('a log that cannot be read', () => {
  it('is answered with the whole room', async () => {
    const { rooms } = test.store;
    await place('ann');
    const known = (await place('bob')).snapshot;
    const version = known.version + 1;
    await test.raw.hset(keyOf('meta'), 'version', version);
    await test.raw.xadd(keyOf('log'), `${version}-0`, 'c', 'nonsense');
    expect(await rooms.changesSince('blue', known.version)).toBeUndefined();
    const maps = { participants: new Map(), tracks: new Map() };
    const { snapshot } = await place('cy', { known: { room: 'blue', version: known.version, ...maps } });
    expect(names(snapshot)).toEqual(['ann', 'bob', 'cy']);
  });
});

describe('an index of rooms that is damaged', () => {
  it('loses names that are no text, and lists all others', async () => {
    for (const room of ['a', 'b', '\u{10ffff}']) await place('ann', { room });
    for (const byte of [0xff, 0xfe]) await test.raw.zadd('skein:{rooms}', 0, Buffer.from([0x61, byte]));
    const { rooms } = test.store;
    expect(await rooms.listRooms({ pageSize: 2 })).toEqual(['a', 'b']);
    expect(await rooms.listRooms({ pageSize: 2, after: 'b' })).toEqual(['\u{10ffff}']);
    expect(await test.raw.zcard('skein:{rooms}')).toBe(3);
  });

  it('of another type keeps nobody out, and is built again from the rooms', async () => {
    for (const room of ['a', 'ü {x}', '🎓']) await place('ann', { room });
    await test.raw.set('skein:{rooms}', 'something else');
    const { rooms } = test.store;
    await place('ann', { room: 'c' });
    expect(await rooms.listRooms({ pageSize: 9 })).toEqual(['a', 'c', 'ü {x}', '🎓']);
  });
});

describe('a registry of nodes that is damaged', () => {
  const lease = { fence: undefined, ttlMs: 5000 };

  it('shows all nodes that can be read, and says how many cannot', async () => {
    const log = { ...silentLogger, warn: vi.fn<() => void>() };
    const store = await connectStore({ url: test.url, clock: systemClock, log });
    await store.nodes.renew(aNode('node-1'), lease);
    const records = ['nonsense', '{}', JSON.stringify(aNode('node-9'))];
    for (const [at, record] of records.entries()) {
      await test.raw.hset('skein:{nodes}:abouts', `bad-${at}`, record);
      await test.raw.hset('skein:{nodes}:reports', `bad-${at}`, '1 1 1 {"load":"none"}');
    }
    for (let read = 0; read < 2; read++)
      expect((await store.nodes.list()).map(({ record }) => record.nodeId)).toEqual(['node-1']);
    expect(log.warn).toHaveBeenCalledExactlyOnceWith({ count: 3 }, expect.stringContaining('unreadable'));
    await store.close();
  });

  it('gets rid of keys of another type', async () => {
    const { nodes } = test.store;
    await nodes.renew(aNode('node-1'), lease);
    for (const part of ['abouts', 'reports', 'leases', 'fences', 'changes', 'forget', 'meta']) {
      const key = `skein:{nodes}:${part}`;
      await test.raw.del(key);
      await test.raw.set(key, 'something else');
      expect((await nodes.list()).length).toBeLessThanOrEqual(1);
      await nodes.renew(aNode('node-1'), lease);
      expect(await nodes.list()).toHaveLength(1);
    }
  });
});
