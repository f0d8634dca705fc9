import { grantsOfRole } from '@skein/protocol';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { MediaNode } from './media-node.ts';
import { TestCluster } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let one: MediaNode;
let two: MediaNode;
let rooms = 0;

beforeAll(async () => {
  cluster = await TestCluster.start();
  [one, two] = [await cluster.addNode(), await cluster.addNode()];
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const newRoom = (): string => `watched ${++rooms}`;
const viewersOf = (room: string) => cluster.store.rooms.viewers(room);

it('a viewer receives tracks, publishes none, and leaves without a change of the room', async () => {
  const room = newRoom();
  const ann = await cluster.join(one, room, 'ann');
  await ann.publishAudio('mic', audioParameters({ ssrc: 4711 }));
  const vic = await cluster.join(two, room, 'vic', true, 'viewer');
  const before = await cluster.store.rooms.snapshot(room);
  expect(vic.subscriptions.map(({ trackId }) => trackId)).toEqual(['mic']);
  expect(before?.participants).toMatchObject([{ identity: 'ann' }]);
  for (const [method, data] of [
    ['publish', { trackId: 't' }],
    ['unpublish', { trackId: 'mic' }],
    ['setTrackMuted', { trackId: 'mic', muted: true }],
  ] as const)
    await expect(vic.request(method, data)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  await vic.leave();
  expect(await viewersOf(room)).toEqual([]);
  expect((await cluster.store.rooms.snapshot(room))?.version).toBe(before?.version);
  await ann.leave();
  expect(await cluster.store.rooms.snapshot(room)).toBeUndefined();
});

it('viewers that the store has lost are restored, also in a room without participants', async () => {
  const room = newRoom();
  const vic = await cluster.join(one, room, 'vic', false, 'viewer');
  const val = await cluster.join(two, room, 'val', false, 'viewer');
  await cluster.redis.restart();
  await vi.waitFor(
    async () =>
      expect((await viewersOf(room)).map(({ identity }) => identity).toSorted()).toEqual(['val', 'vic']),
    { timeout: 15_000, interval: 50 },
  );
  expect((await viewersOf(room)).map(({ epoch }) => epoch).toSorted()).toEqual(
    [vic.ref.epoch, val.ref.epoch].toSorted(),
  );
  await Promise.all([vic.leave(), val.leave()]);
  expect(await cluster.store.rooms.snapshot(room)).toBeUndefined();
});

it('a viewer that joins as a participant, or the reverse, ends the earlier session', async () => {
  const room = newRoom();
  const watching = await cluster.join(one, room, 'ann', false, 'viewer');
  const talking = await cluster.join(two, room, 'ann');
  const superseded = { event: 'sessionClosed', data: { reason: 'superseded' } };
  await vi.waitFor(() => expect(watching.events).toContainEqual(superseded));
  const again = await cluster.join(one, room, 'ann', false, 'viewer');
  await vi.waitFor(() => expect(talking.events).toContainEqual(superseded));
  await again.leave();
});

it('a gateway that attaches to a viewer’s session gets its grants', async () => {
  const room = newRoom();
  const vic = await cluster.place(one, room, 'vic', 'viewer');
  const { resumeToken } = await vic.request('open', vic.opening);
  expect(await vic.request('attach', { resumeToken })).toMatchObject({ grants: grantsOfRole.viewer });
  await vic.leave();
});

it('an open request with another session’s entry is refused', async () => {
  const vic = await cluster.place(one, newRoom(), 'vic', 'viewer');
  const entry = { ...vic.opening.entry!, sessionId: 'ses_other' };
  await expect(vic.request('open', { ...vic.opening, entry })).rejects.toMatchObject({ code: 'STALE_EPOCH' });
  await cluster.store.rooms.leave(vic.ref.room, vic.ref, 'left');
});
