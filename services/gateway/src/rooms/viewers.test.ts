import { grantsOfRole } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { joinRequest, type MemoryClient, MemoryCluster } from '../testing/memory-cluster.ts';

interface JoinAnswer {
  readonly sessionId: string;
  readonly epoch: number;
  readonly nodeId: string;
  readonly resumeToken: string;
  readonly room: { readonly version: number; readonly viewers: number; readonly participants: unknown[] };
}

async function watching(
  cluster: MemoryCluster,
  identity: string,
  gateway = cluster.gateway,
): Promise<{ client: MemoryClient; answer: JoinAnswer }> {
  const client = cluster.client(gateway);
  const { error, data } = await client.request('join', { ...joinRequest, identity, role: 'viewer' });
  if (error) throw new Error(`${error.code}: ${error.message}`);
  return { client, answer: data as JoinAnswer };
}

/** Everything about single persons that a client was told. */
const personal = ({ socket }: MemoryClient): unknown[] =>
  ['roomChanged', 'roomReplaced'].flatMap((name) => socket.events(name));
const counts = ({ socket }: MemoryClient): unknown[] =>
  socket.events('viewersChanged').map(({ data }) => (data as { viewers: number }).viewers);

describe('viewers', () => {
  it('viewers on two gateways cause count events only', async () => {
    await using cluster = await MemoryCluster.start({ maxParticipants: 50 });
    const other = await cluster.addGateway();
    const ada = await cluster.joined('ada');
    const heard = personal(ada).length;
    const viewers = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        watching(cluster, `v${at}`, at % 2 === 0 ? cluster.gateway : other),
      ),
    );
    for (const { answer } of viewers) {
      expect(answer.room.participants).toMatchObject([{ identity: 'ada' }]);
      expect(answer.room.viewers).toBeGreaterThanOrEqual(1);
    }
    await cluster.clock.advance(1500);
    expect(counts(ada).at(-1)).toBe(20);
    expect(counts(ada).length).toBeLessThanOrEqual(2);
    await viewers[0]!.client.request('leave');
    viewers[1]!.client.socket.close(1000, '');
    await eventually('the number of those who stayed', async () => {
      await cluster.clock.advance(500);
      return counts(ada).at(-1) === 18;
    });
    expect(personal(ada)).toHaveLength(heard);
    for (const { client } of viewers) expect(personal(client)).toEqual([]);
  });

  it('a viewer gets the events of participants', async () => {
    await using cluster = await MemoryCluster.start();
    const { client } = await watching(cluster, 'vic');
    await cluster.joined('ada');
    expect(await client.event('roomChanged')).toMatchObject({
      data: { type: 'participantJoined', participant: { identity: 'ada' } },
    });
  });

  it.each(['publish', 'unpublish', 'setTrackMuted'])('a viewer may not %s', async (method) => {
    await using cluster = await MemoryCluster.start();
    const { client } = await watching(cluster, 'vic');
    const track = { trackId: 't', kind: 'audio', source: 'microphone', muted: true };
    const codecs = [{ mimeType: 'audio/opus', clockRate: 48_000, channels: 2, payloadType: 100 }];
    const rtpParameters = { codecs, encodings: [{ ssrc: 1 }] };
    const { error } = await client.request(method, { ...track, rtpParameters });
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED', details: { method, role: 'viewer' } });
    expect(cluster.node.requests('publish')).toEqual([]);
  });

  it("a viewer's entry goes to its node with the open request", async () => {
    await using cluster = await MemoryCluster.start();
    const { answer } = await watching(cluster, 'vic');
    const { sessionId, epoch, nodeId } = answer;
    expect(cluster.node.requests('open')[0]?.data).toMatchObject({
      grants: grantsOfRole.viewer,
      entry: { identity: 'vic', sessionId, epoch, nodeId },
    });
  });

  it('a viewer that resumes as a participant stays a viewer', async () => {
    await using cluster = await MemoryCluster.start();
    const { client, answer } = await watching(cluster, 'vic');
    client.socket.close(1006, '');
    const { sessionId, epoch, nodeId, resumeToken, room } = answer;
    const again = cluster.client();
    const { data } = await again.request('resume', {
      ...{ ...joinRequest, identity: 'vic', role: 'participant', version: room.version },
      ...{ sessionId, epoch, nodeId, resumeToken },
    });
    expect(data).toMatchObject({ viewers: 1 });
    const { error } = await again.request('unpublish', { trackId: 't' });
    expect(error?.code).toBe('PERMISSION_DENIED');
  });

  it('a viewer that joins again on another gateway ends its first session', async () => {
    await using cluster = await MemoryCluster.start();
    const other = await cluster.addGateway();
    const { client } = await watching(cluster, 'vic');
    const again = await watching(cluster, 'vic', other);
    expect(await client.event('sessionClosed')).toMatchObject({ data: { reason: 'superseded' } });
    expect(again.answer.room.viewers).toBe(1);
  });

  it('a drain moves a viewer without events for others', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 2 });
    const ada = await cluster.joined('ada');
    const { client, answer } = await watching(cluster, 'vic');
    const heard = personal(ada).length;
    cluster.node.publish(answer.sessionId, {
      event: 'moveRequested',
      data: { reason: 'drain', deadlineMs: 9 },
    });
    const { data } = await client.event('sessionMoved');
    expect((data as JoinAnswer).epoch).toBeGreaterThan(answer.epoch);
    await cluster.clock.advance(2000);
    expect(personal(ada)).toHaveLength(heard);
    expect(personal(client)).toEqual([]);
    expect(await cluster.store.viewers('blue')).toMatchObject([{ epoch: (data as JoinAnswer).epoch }]);
  });
});
