import { type NodeRecord, subjects } from '@skein/protocol';
import { describe, expect, it } from 'vitest';
import { MemoryCluster } from '../testing/memory-cluster.ts';

/** Says what the registry has of the node once more, changed. */
function beat(cluster: MemoryCluster, nodeId: string, change: Partial<NodeRecord>): void {
  const record = { ...cluster.store.records.get(nodeId)!, ...change };
  cluster.store.records.set(nodeId, record);
  cluster.bus.publish(subjects.nodeBeat(nodeId), record);
}

describe('the nodes that make a gateway ready', () => {
  it('a draining, dead or silent node is not usable', async () => {
    await using cluster = await MemoryCluster.start({ nodes: 4 });
    const usable = (): number => cluster.participants.usableNodes;
    expect(usable()).toBe(4);
    beat(cluster, 'node-1', { state: 'draining', beat: 2 });
    await cluster.clock.advance(0);
    expect(usable()).toBe(3);
    cluster.kill(cluster.nodes[1]!);
    await cluster.clock.advance(0);
    expect(usable()).toBe(2);
    // Its lease has run out, and it says nothing any more.
    cluster.store.records.delete('node-3');
    await cluster.clock.advance(3000);
    expect(usable()).toBe(1);
    cluster.store.records.delete('node-4');
    await cluster.clock.advance(3000);
    expect(usable()).toBe(0);
  });
});
