import { eventually } from '@skein/testkit';
import { describe, expect, test } from 'vitest';
import { MemoryCluster } from '../testing/memory-cluster.ts';

describe('the end of a session', () => {
  test('is tried again while the bus is away', async () => {
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

  test('takes the participant out of the room when the node does not answer, and gives up in time', async () => {
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
    await cluster.signaling.endings.stop(0);
  });
});
