import type { RoomPublisher } from '@skein/cluster';
import { MemoryStore } from '@skein/cluster/testing';
import { SkeinError } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { eventually } from '@skein/testkit';
import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../testing/memory-cluster.ts';
import { SessionCloser } from './session-closer.ts';
import type { NodeClient } from './node-client.ts';

describe('the end of a session', () => {
  it('a close is retried while the bus is away', async () => {
    await using cluster = await MemoryCluster.start();
    const client = await cluster.joined('ada');
    cluster.hub.setDown(true);
    client.socket.close(1001, '');
    await cluster.clock.advance(2000);
    expect(cluster.node.requests('close')).toHaveLength(0);
    cluster.hub.setDown(false);
    await cluster.clock.advance(10_000);
    await eventually('the node to be told', () => cluster.node.requests('close').length === 1);
    await cluster.clock.advance(100_000);
    expect(cluster.node.requests('close')).toHaveLength(1);
  });

  it('a close removes the participant itself when the node does not answer', async () => {
    await using cluster = await MemoryCluster.start();
    const [ada, bob] = [await cluster.joined('ada'), await cluster.joined('bob')];
    cluster.node[Symbol.dispose]();
    ada.socket.close(1001, '');
    const gone = await eventually('ada to have left', () =>
      bob.socket
        .events('roomChanged')
        .find(({ data }) => (data as { type: string }).type === 'participantLeft'),
    );
    expect(gone).toMatchObject({ data: { identity: 'ada', reason: 'disconnected' } });
    await cluster.clock.advance(100_000);
  });
});

describe('endings', () => {
  it('a close above the bound is tried once, and earlier ones retry', async () => {
    const clock = new FakeClock();
    const asked: string[] = [];
    const nodes = {
      request: async ({ sessionId }: { sessionId: string }) => {
        asked.push(sessionId);
        throw SkeinError.unavailable('the peer');
      },
    };
    const store = new MemoryStore();
    store.failure = SkeinError.unavailable('the store');
    const closer = new SessionCloser({
      ...{ clock, random: seededRandom(1), log: silentLogger, resumeGraceMs: 1000, maxClosings: 2 },
      nodes: nodes as unknown as NodeClient,
      rooms: store.rooms,
      publisher: {} as RoomPublisher,
    });
    const at = { room: 'blue', identity: 'ada', epoch: 1, nodeId: 'n' };
    await Promise.all(['a', 'b', 'c'].map((sessionId) => closer.close({ ...at, sessionId }, 'disconnected')));
    expect(asked).toEqual(['a', 'b', 'c']);
    await clock.advance(700);
    expect(asked.slice(3).toSorted()).toEqual(['a', 'b']);
    const stopped = closer.stop(0);
    await clock.advance(0);
    await stopped;
  });
});
