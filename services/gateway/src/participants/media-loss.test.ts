import { type ClientEvent, type ClientResponse, type RoomChange, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { MEDIA_REBUILDS } from './media-losses.ts';
import { type MemoryClient, MemoryCluster } from '../testing/memory-cluster.ts';
import type { ScriptedNode } from '../testing/scripted-node.ts';

type Place = Pick<ClientResponse<'join'>, 'sessionId' | 'nodeId'>;

const lost = { event: 'sessionClosed', data: { reason: 'media-timeout' } } as const;

function joinedAs(client: MemoryClient): ClientResponse<'join'> {
  return client.socket.answer('r1')!.data as ClientResponse<'join'>;
}

function changesOfAda(client: MemoryClient): string[] {
  const changes = client.socket.events('roomChanged').map(({ data }) => data as RoomChange);
  return changes.flatMap((change) => {
    const identity = 'participant' in change ? change.participant.identity : undefined;
    return identity === 'ada' || change.type === 'participantLeft' ? [change.type] : [];
  });
}

function nodeOf(cluster: MemoryCluster, nodeId: string): ScriptedNode {
  return cluster.nodes.find((node) => node.nodeId === nodeId)!;
}

/** Loses the client's media, waits until it has another session, and answers with where that one is. */
async function loseMedia(
  cluster: MemoryCluster,
  client: MemoryClient,
  { sessionId, nodeId }: Place,
): Promise<ClientEvent<'sessionMoved'>> {
  const before = client.socket.events('sessionMoved').length;
  nodeOf(cluster, nodeId).publish(sessionId, lost);
  await cluster.passing('the move', () => client.socket.events('sessionMoved').length > before);
  return client.socket.events('sessionMoved').at(-1)!.data as ClientEvent<'sessionMoved'>;
}

describe('when no media comes through to a client whose node is well', () => {
  it('a media loss moves the client, and others see neither a leave nor a join', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 3 });
    const ada = await cluster.joined('ada');
    const bob = await cluster.joined('bob');
    const before = joinedAs(ada);
    const moved = await loseMedia(cluster, ada, before);
    expect(moved).toMatchObject({ mode: 'rebuild', reason: 'media-timeout' });
    expect(moved.nodeId).not.toBe(before.nodeId);
    expect(moved.epoch).toBeGreaterThan(before.epoch);
    expect(changesOfAda(bob)).toEqual(['participantMoved']);
    expect(ada.socket.events('sessionClosed')).toEqual([]);
    const third = await loseMedia(cluster, ada, moved);
    expect([before.nodeId, moved.nodeId]).not.toContain(third.nodeId);
  });

  it('a media loss rebuilds on the same node when there is no other', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 1 });
    const ada = await cluster.joined('ada');
    expect(await loseMedia(cluster, ada, joinedAs(ada))).toMatchObject({ nodeId: 'node-1' });
  });

  it('repeated media losses alternate between two nodes', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    const { nodeId } = joinedAs(ada);
    const there = await loseMedia(cluster, ada, joinedAs(ada));
    expect(there.nodeId).not.toBe(nodeId);
    expect(await loseMedia(cluster, ada, there)).toMatchObject({ nodeId });
  });

  it('a client that reaches no node is notified and leaves the room', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    const bob = await cluster.joined('bob');
    let at: Place = joinedAs(ada);
    for (let round = 0; round < MEDIA_REBUILDS; round++) at = await loseMedia(cluster, ada, at);
    const node = nodeOf(cluster, at.nodeId);
    node.on('close', () => {
      throw new SkeinError('SESSION_NOT_FOUND', 'no such session');
    });
    node.publish(at.sessionId, lost);
    expect(await ada.event('sessionClosed')).toMatchObject({ data: { reason: 'media-timeout' } });
    await cluster.passing('the leave', () => changesOfAda(bob).includes('participantLeft'));
    expect(changesOfAda(bob).filter((type) => type !== 'participantMoved')).toEqual(['participantLeft']);
    expect(ada.socket.events('sessionMoved')).toHaveLength(MEDIA_REBUILDS);
  });

  it('a client that leaves before its rebuild leaves no session behind', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    const { sessionId } = joinedAs(ada);
    cluster.node.on('close', () => {
      throw new SkeinError('SESSION_NOT_FOUND', 'no such session');
    });
    cluster.node.publish(sessionId, lost);
    await eventually('word of it', async () => {
      const { error } = await ada.request('restartIce', { direction: 'send' });
      return error?.code === 'UNAVAILABLE';
    });
    await ada.request('leave');
    await cluster.passing('the leave', async () => (await cluster.store.snapshot('blue')) === undefined);
    await cluster.clock.advance(10_000);
    expect(cluster.nodes.flatMap((node) => node.requests('open'))).toHaveLength(1);
  });

  it("a media loss report goes to the session's node", async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    const { epoch, sessionId } = joinedAs(ada);
    const stale = await ada.request('reportMediaLoss', { epoch: epoch - 1 });
    expect(stale.error?.code).toBe('STALE_EPOCH');
    expect(await ada.request('reportMediaLoss', { epoch })).toMatchObject({ data: {} });
    expect(cluster.nodes.flatMap((node) => node.requests('reportMediaLoss'))).toMatchObject([{ sessionId }]);
  });
});
