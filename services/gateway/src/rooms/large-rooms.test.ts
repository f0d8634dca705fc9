import { publishChanges } from '@skein/cluster';
import { type ClientResponse, limits, type RoomChange, type RoomSnapshot, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { expect, it } from 'vitest';
import { joinRequest, type MemoryClient, MemoryCluster } from '../testing/memory-cluster.ts';

/** Three bytes a letter: 12 KiB each. */
const metadata = '語'.repeat(limits.metadataLength);
const PARTICIPANTS = 40;

async function crowded(cluster: MemoryCluster): Promise<MemoryClient[]> {
  const clients: MemoryClient[] = [];
  for (let number = 0; number < PARTICIPANTS; number++) {
    const client = cluster.client();
    const who = { identity: `p${number}`, name: 'x', metadata };
    const { error } = await client.request('join', { ...joinRequest, ...who });
    if (error) throw SkeinError.fromWire(error);
    clients.push(client);
  }
  return clients;
}

const bytesOf = (data: unknown): number => Buffer.byteLength(JSON.stringify(data));

/** All pages of a state, each of which has to be bounded. */
async function allOf(client: MemoryClient, first: RoomSnapshot): Promise<string[]> {
  const names = first.participants.map(({ identity }) => identity);
  for (let page = 1; page < (first.pages ?? 1); page++) {
    const { data } = await client.request('roomPage', { version: first.version, page });
    expect(bytesOf(data)).toBeLessThan(limits.roomPageBytes + 100);
    const { participants } = data as ClientResponse<'roomPage'>;
    names.push(...participants.map(({ identity }) => identity));
  }
  return names.toSorted();
}

const everyone = Array.from({ length: PARTICIPANTS }, (_, number) => `p${number}`).toSorted();

it('a large room is joined and read in pages of one version while it changes', async () => {
  await using cluster = await MemoryCluster.start({ maxParticipants: 100 });
  await crowded(cluster);
  const ada = cluster.client();
  const { data } = await ada.request('join', { ...joinRequest, identity: 'ada', name: 'Ada' });
  expect(bytesOf(data)).toBeLessThan(limits.roomPageBytes + 8 * 1024);
  const { room } = data as ClientResponse<'join'>;
  expect(room.pages).toBeGreaterThan(3);
  await cluster.joined('late');
  expect(await allOf(ada, room)).toEqual(['ada', ...everyone]);
});

it('a page that is not held is refused, and a sync brings the state again', async () => {
  await using cluster = await MemoryCluster.start({ maxParticipants: 100 });
  const [ada] = await crowded(cluster);
  const asked = await ada!.request('roomPage', { version: 7, page: 1 });
  expect(asked.error).toMatchObject({ code: 'INVALID_ARGUMENT', details: { field: 'data.version' } });
  const { data } = await ada!.request('sync', { version: 0 });
  const { snapshot } = data as { snapshot: RoomSnapshot };
  expect(bytesOf(data)).toBeLessThan(limits.roomPageBytes + 1024);
  const beyond = await ada!.request('roomPage', { version: snapshot.version, page: snapshot.pages });
  expect(beyond.error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(await allOf(ada!, snapshot)).toEqual(everyone);
});

it('a client that was away gets many changes in parts', async () => {
  await using cluster = await MemoryCluster.start({ maxParticipants: 100 });
  const first = await cluster.joined('first');
  const { version } = (await cluster.store.snapshot('blue'))!;
  await crowded(cluster);
  const told: string[] = [];
  let from = version;
  for (let more: boolean | undefined = true; more;) {
    const { data } = await first.request('sync', { version: from });
    expect(bytesOf(data)).toBeLessThan(limits.roomPageBytes + 1024);
    const part = data as Extract<ClientResponse<'sync'>, { changes: unknown }>;
    for (const { change } of part.changes)
      if (change.type === 'participantJoined') told.push(change.participant.identity);
    from = part.changes.at(-1)!.version;
    ({ more } = part);
  }
  expect(told.toSorted()).toEqual(everyone);
});

it('a move is published without metadata, which clients have already', async () => {
  await using cluster = await MemoryCluster.start({ nodes: 2, maxParticipants: 100 });
  const [ada] = await crowded(cluster);
  const { participants } = (await cluster.store.snapshot('blue'))!;
  const [moving] = participants.filter(({ identity }) => identity === 'p1');
  const { nodeId, epoch: fromEpoch } = moving!;
  const otherNodeId = nodeId === 'node-1' ? 'node-2' : 'node-1';
  const candidates = { fallbackNodeId: otherNodeId, openNodeIds: [otherNodeId] };
  const who = {
    room: 'blue',
    identity: 'p1',
    name: 'x',
    metadata,
    sessionId: 'ses_moved',
    maxParticipants: 100,
  };
  const { changes } = await cluster.store.move({ ...who, candidates, fromEpoch, reason: 'drain' });
  publishChanges(cluster.bus, 'blue', changes);
  const told = await eventually('the move', () =>
    ada!.socket.events('roomChanged').find(({ data }) => (data as RoomChange).type === 'participantMoved'),
  );
  expect(bytesOf(told.data)).toBeLessThan(500);
  expect(told.data).toMatchObject({ participant: { identity: 'p1', nodeId: otherNodeId } });
  const { data } = await ada!.request('sync', { version: 0 });
  expect((data as { snapshot: RoomSnapshot }).snapshot.participants[1]).toMatchObject({ metadata });
});
