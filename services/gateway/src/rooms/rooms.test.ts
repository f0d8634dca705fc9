import { type ClientResponse, type RoomChange, SkeinError, type Track } from '@skein/protocol';
import { publishChanges } from '@skein/cluster';
import { eventually } from '@skein/testkit';
import { describe, expect, it, vi } from 'vitest';
import { MemoryCluster } from '../testing/memory-cluster.ts';

const track: Track = {
  ...{ trackId: 'trk_1', identity: 'ada', epoch: 1, nodeId: 'node-1', routerId: 'r1', muted: false },
  ...{ mimeType: 'audio/opus', spatialLayers: 1, temporalLayers: 1 },
  kind: 'audio',
  source: 'microphone',
};

describe('the clients of a room', () => {
  it('a change reaches every client once and in order, and is encoded once', async () => {
    await using cluster = await MemoryCluster.start();
    const [ada, bob] = [await cluster.joined('ada'), await cluster.joined('bob')];
    const session = (await cluster.store.snapshot('blue'))!.participants.find(
      (one) => one.identity === 'ada',
    )!;
    const { epoch, sessionId } = session;
    const shown = await cluster.store.publishTrack('blue', sessionId, { ...track, epoch });
    publishChanges(cluster.bus, 'blue', shown.changes);
    await eventually('the track', () => bob.socket.events('roomChanged').length >= 1);
    const { published } = cluster.network;
    for (const muted of [true, false, true]) {
      const { changes } = await cluster.store.updateTrack('blue', session, 'trk_1', muted);
      publishChanges(cluster.bus, 'blue', changes);
    }
    await eventually('three changes', () => bob.socket.events('roomChanged').length >= 4);
    expect(cluster.network.published - published).toBe(3);
    for (const { socket } of [ada, bob]) {
      const last = socket.events('roomChanged').slice(-3);
      const versions = last.map(({ version }) => version ?? 0);
      expect(versions).toEqual([versions[0], versions[0]! + 1, versions[0]! + 2]);
      expect(last.map(({ data }) => (data as { muted?: boolean }).muted)).toEqual([true, false, true]);
    }
  });

  it('a large room gets joins in batches, and other changes at once and in order', async () => {
    await using cluster = await MemoryCluster.start({ maxParticipants: 200 });
    const first = await cluster.joined('person-0');
    for (let one = 1; one < 100; one++) await cluster.joined(`person-${one}`);
    await cluster.clock.advance(1000);
    const heard = (): number => first.socket.events('roomChanged').length;
    const before = heard();
    for (const late of ['ada', 'bob']) await cluster.joined(late);
    expect(heard()).toBe(before);
    await cluster.clock.advance(100);
    expect(heard()).toBe(before + 2);

    await cluster.joined('cho');
    expect(heard()).toBe(before + 2);
    const snapshot = await cluster.store.snapshot('blue');
    const cho = snapshot!.participants.find(({ identity }) => identity === 'cho')!;
    const published = { ...track, identity: 'cho', epoch: cho.epoch };
    const { changes } = await cluster.store.publishTrack('blue', cho.sessionId, published);
    publishChanges(cluster.bus, 'blue', changes);
    await eventually('the track', () => heard() === before + 4);
    const last = first.socket.events('roomChanged').slice(-4);
    expect(last.map(({ data }) => (data as RoomChange).type)).toEqual([
      ...['participantJoined', 'participantJoined', 'participantJoined'],
      'trackPublished',
    ]);
    const versions = last.map(({ version }) => version ?? 0);
    expect(versions).toEqual([0, 1, 2, 3].map((step) => versions[0]! + step));
  });

  it('a client gets no events of other rooms', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada', 'blue');
    const heard = ada.socket.heard.length;
    const bob = await cluster.joined('bob', 'red');
    await bob.request('ping');
    expect(ada.socket.heard).toHaveLength(heard);
  });

  it('clients get the whole state when single changes are lost', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.store.lose();
    const { changes, participant } = await cluster.store.place({
      ...{ room: 'blue', identity: 'bob', name: 'Bob', sessionId: 'ses_bob', maxParticipants: 9 },
      candidates: { fallbackNodeId: 'node-1', openNodeIds: ['node-1'] },
    });
    await cluster.store.publishTrack('blue', 'ses_bob', {
      ...{ ...track, identity: 'bob' },
      epoch: participant.epoch,
    });
    publishChanges(cluster.bus, 'blue', changes);
    await cluster.clock.advance(10_000);
    const replaced = await ada.event('roomReplaced');
    expect(replaced.data).toMatchObject({
      participants: [{ identity: 'bob' }],
      tracks: [{ trackId: 'trk_1' }],
    });
    expect(replaced.version).toBe((replaced.data as { version: number }).version);
    // A participant that the store has lost still has its session.
    expect(ada.connection.state).toBe('inRoom');
  });

  it("the room's state ends a session whose own event was lost", async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    const snapshot = await cluster.store.snapshot('blue');
    const { epoch } = snapshot!.participants[0]!;
    const { changes } = await cluster.store.leave('blue', { identity: 'ada', epoch }, 'removed');
    publishChanges(cluster.bus, 'blue', changes);
    expect(await ada.event('sessionClosed')).toMatchObject({ data: { reason: 'removed' } });
    expect(cluster.participants.roomCount).toBe(0);
  });
});

/** How often the store was read since. */
function countReads({ store }: MemoryCluster) {
  const spies = (['heads', 'changesSince', 'snapshot'] as const).map(
    (name) => [name, vi.spyOn(store, name)] as const,
  );
  return () => Object.fromEntries(spies.map(([name, spy]) => [name, spy.mock.calls.length]));
}

describe('a sync', () => {
  it('a sync answers with later changes, nothing, or the whole room', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    const { room } = ada.socket.answer('r1')!.data as ClientResponse<'join'>;
    expect(await ada.request('sync', { version: room.version })).toMatchObject({ data: { changes: [] } });
    await cluster.joined('bob');
    const { data } = await ada.request('sync', { version: room.version });
    const { changes } = data as { changes: { version: number; change: RoomChange }[] };
    expect(changes).toMatchObject([
      { version: room.version + 1, change: { participant: { identity: 'bob' } } },
    ]);
    const all = await ada.request('sync', { version: 1 });
    expect(all).toMatchObject({ data: { snapshot: { version: room.version + 1 } } });
  });

  it('a sync reads nothing from the store while the gateway is in step', async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    const { room } = ada.socket.answer('r1')!.data as ClientResponse<'join'>;
    for (const identity of ['bob', 'cho', 'dan']) await cluster.joined(identity);
    const reads = countReads(cluster);
    for (let turn = 0; turn < 50; turn++) {
      for (const missing of [0, 1, 2, 3]) {
        const { data } = await ada.request('sync', { version: room.version + 3 - missing });
        expect((data as { changes: unknown[] }).changes).toHaveLength(missing);
      }
    }
    expect(reads()).toEqual({ heads: 0, changesSince: 0, snapshot: 0 });
  });

  it('a loop of syncs with wrong versions shares few reads of the store', async () => {
    await using cluster = await MemoryCluster.start();
    const [ada, bob] = [await cluster.joined('ada'), await cluster.joined('bob')];
    const current = (await cluster.store.snapshot('blue'))!.version;
    const reads = countReads(cluster);
    for (let round = 0; round < 10; round++) {
      const asked = [0, 1, current + 1, current + 1000, 2 ** 50].flatMap((version) =>
        [ada, bob].flatMap((client) => Array.from({ length: 5 }, () => client.request('sync', { version }))),
      );
      for (const { data } of await Promise.all(asked)) {
        expect(data).toMatchObject({ snapshot: { version: current, participants: [{}, {}] } });
      }
      await cluster.clock.advance(100);
    }
    const { heads, changesSince, snapshot } = reads();
    // A second has passed: four times 250 ms.
    expect(heads).toBeLessThanOrEqual(5);
    expect(changesSince).toBeLessThanOrEqual(5);
    expect(snapshot).toBe(0);
  });

  it("a sync from a newer version than the gateway's gets the store's state", async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    const { room } = ada.socket.answer('r1')!.data as ClientResponse<'join'>;
    // Written by another gateway, whose message was lost.
    await cluster.store.place({
      ...{ room: 'blue', identity: 'bob', name: 'Bob', sessionId: 'ses_bob', maxParticipants: 9 },
      candidates: { fallbackNodeId: 'node-1', openNodeIds: ['node-1'] },
    });
    await cluster.store.publishTrack('blue', 'ses_bob', {
      ...{ ...track, identity: 'bob' },
      epoch: (await cluster.store.snapshot('blue'))!.participants[1]!.epoch,
    });
    const asked = ada.send('sync', { version: room.version + 1 });
    await cluster.passing('the answer', () => ada.socket.answer(asked));
    expect(ada.socket.answer(asked)).toMatchObject({
      data: { changes: [{ version: room.version + 2, change: { type: 'trackPublished' } }] },
    });
  });

  it("a sync is answered from the gateway's feed while the store is away", async () => {
    await using cluster = await MemoryCluster.start();
    const ada = await cluster.joined('ada');
    cluster.store.failure = SkeinError.unavailable('the store');
    const { data } = await ada.request('sync', { version: 1 });
    expect(data).toMatchObject({ snapshot: { participants: [{ identity: 'ada' }] } });
  });
});
