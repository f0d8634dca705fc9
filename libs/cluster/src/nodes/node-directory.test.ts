import type { Bus } from '@skein/bus';
import { createMemoryBus } from '@skein/bus/testing';
import { subjects, type NodeRecord } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  openNodeDirectory,
  wholeReading,
  type NodeDirectory,
  type NodeRegistry,
  type RegisteredNode,
  type RegistryReading,
} from '../index.ts';
import { aNode } from '../testing/builders.ts';

/** A registry in memory, whose ledger other gateways write to as well. */
class FakeRegistry {
  nodes: RegisteredNode[] = [];
  down = false;
  counted = 0;
  reads = 0;

  async read(): Promise<RegistryReading> {
    this.reads++;
    if (this.down) throw new Error('down');
    return wholeReading(this.nodes);
  }

  async countAssignment(): Promise<number> {
    if (this.down) throw new Error('down');
    return ++this.counted;
  }
}

let clock: FakeClock;
let bus: Bus;
let registry: FakeRegistry;

beforeEach(() => {
  clock = new FakeClock();
  bus = createMemoryBus({ clock }).connect('test');
  registry = new FakeRegistry();
});

async function started(): Promise<NodeDirectory> {
  const nodes = registry as unknown as NodeRegistry;
  const directory = openNodeDirectory({ bus, nodes, clock, random: seededRandom(1), log: silentLogger });
  await directory.start();
  return directory;
}

async function beat(record: NodeRecord): Promise<void> {
  bus.publish(subjects.nodeBeat(record.nodeId), record);
  await clock.advance(0);
}

const assigned = (directory: NodeDirectory): number | undefined => directory.views()[0]?.assignedSinceBeat;

describe('the node directory', () => {
  it('knows the registered nodes from its start, and others from heartbeats', async () => {
    registry.nodes = [{ record: aNode('n1'), fence: 1, leaseAgeMs: 200 }];
    const directory = await started();
    expect(directory.views()).toEqual([
      {
        ...{ record: aNode('n1', { fence: 1 }), lastSeenMs: clock.monotonicMs() - 200 },
        ...{ assignedSinceBeat: 0, settled: aNode('n1').load, recentSessions: 0 },
      },
    ]);
    await beat(aNode('n2'));
    expect(directory.candidates().openNodeIds).toEqual(['n1', 'n2']);
    directory.close();
  });

  it('stops choosing a silent node, and forgets it in the end', async () => {
    const directory = await started();
    await beat(aNode('n1'));
    await clock.advance(1500);
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    await clock.advance(1);
    expect(directory.candidates().fallbackNodeId).toBeUndefined();
    await clock.advance(63_000);
    expect(directory.views()).toEqual([]);
    directory.close();
  });

  it('works with heartbeats alone while the registry is down', async () => {
    registry.down = true;
    const directory = await started();
    await beat(aNode('n1'));
    directory.noteAssignment('n1');
    await clock.advance(1000);
    expect(assigned(directory)).toBe(1);
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    directory.close();
  });

  it('counts an assignment at once, then what all gateways have counted if that is more', async () => {
    const directory = await started();
    await beat(aNode('n1', { beat: 5 }));
    registry.counted = 7;
    directory.noteAssignment('n1');
    expect(assigned(directory)).toBe(1);
    await clock.advance(0);
    expect(assigned(directory)).toBe(8);
    directory.close();
  });

  it('forgets an assignment when a report shows it, and with the eighth report in any case', async () => {
    const directory = await started();
    await beat(aNode('n1', { beat: 5, sessions: 7 }));
    directory.noteAssignment('n1');
    directory.noteAssignment('n1');
    await beat(aNode('n1', { beat: 6, sessions: 8 }));
    expect(assigned(directory)).toBe(1);
    await beat(aNode('n1', { beat: 12, sessions: 8 }));
    expect(assigned(directory)).toBe(1);
    await beat(aNode('n1', { beat: 13, sessions: 8 }));
    expect(assigned(directory)).toBe(0);
    directory.close();
  });

  it('takes the report of the latest start and heartbeat', async () => {
    const directory = await started();
    await beat(aNode('n1', { fence: 1, beat: 9, used: 0.5 }));
    await beat(aNode('n1', { fence: 1, beat: 8, used: 0.1 }));
    expect(directory.views()[0]?.record.beat).toBe(9);
    await beat(aNode('n1', { fence: 2, beat: 0, startedAtMs: 1_700_000_000_001 }));
    await beat(aNode('n1', { fence: 1, beat: 10 }));
    expect(directory.views()[0]?.record.beat).toBe(0);
    bus.publish(subjects.nodeBeat('n1'), { nodeId: 'n1' });
    await clock.advance(0);
    expect(directory.views()).toHaveLength(1);
    directory.close();
  });

  it('tells a restart once, when a later start of a known node is heard of', async () => {
    const directory = await started();
    const told: unknown[] = [];
    directory.on('restarted', (event) => told.push(event));
    await beat(aNode('n1', { beat: 9, startedAtMs: 100, fence: 7 }));
    await beat(aNode('n1', { beat: 0, startedAtMs: 200, fence: 8 }));
    await beat(aNode('n1', { beat: 1, startedAtMs: 200, fence: 8 }));
    await beat(aNode('n1', { beat: 10, startedAtMs: 100, fence: 7 }));
    expect(told).toEqual([{ nodeId: 'n1', start: { startedAtMs: 200, fence: 8 } }]);
    directory.close();
  });

  it('tells a death once and forgets the node, until a later start of it is heard of', async () => {
    const directory = await started();
    const told: unknown[] = [];
    directory.on('dead', (event) => told.push(event));
    const died = async (startedAtMs: number, fence: number): Promise<void> => {
      bus.publish(subjects.nodeDead('n1'), { nodeId: 'n1', startedAtMs, fence });
      await clock.advance(0);
    };
    await beat(aNode('n1', { startedAtMs: 200, fence: 8 }));
    await died(100, 7);
    expect(told).toEqual([]);
    await died(200, 8);
    await died(200, 8);
    expect(told).toEqual([{ nodeId: 'n1', start: { startedAtMs: 200, fence: 8 } }]);
    registry.nodes = [{ record: aNode('n1', { startedAtMs: 200 }), fence: 8, leaseAgeMs: 3000 }];
    await beat(aNode('n1', { startedAtMs: 200, fence: 8, beat: 5 }));
    await clock.advance(2000);
    expect(directory.views()).toEqual([]);
    await beat(aNode('n1', { startedAtMs: 300, fence: 9 }));
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    directory.close();
  });

  it('takes a node back that comes again on a host whose clock is slow', async () => {
    const directory = await started();
    await beat(aNode('n1', { startedAtMs: 60_000, fence: 8 }));
    bus.publish(subjects.nodeDead('n1'), { nodeId: 'n1', startedAtMs: 60_000, fence: 8 });
    await clock.advance(0);
    expect(directory.candidates().fallbackNodeId).toBeUndefined();
    const restarts: unknown[] = [];
    directory.on('restarted', ({ start }) => restarts.push(start));
    // Before its first renewal it cannot be told from an earlier start.
    await beat(aNode('n1', { startedAtMs: 50_000, beat: 0 }));
    expect(directory.candidates().fallbackNodeId).toBeUndefined();
    await beat(aNode('n1', { startedAtMs: 50_000, fence: 9, beat: 1 }));
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    expect(restarts).toEqual([{ startedAtMs: 50_000, fence: 9 }]);
    directory.close();
  });

  it('takes a node back whose eviction the store has lost', async () => {
    const directory = await started();
    await beat(aNode('n1', { startedAtMs: 200, fence: 8 }));
    bus.publish(subjects.nodeDead('n1'), { nodeId: 'n1', startedAtMs: 200, fence: 8 });
    await clock.advance(5000);
    expect(directory.candidates().fallbackNodeId).toBeUndefined();
    registry.nodes = [{ record: aNode('n1', { startedAtMs: 200 }), fence: 8, leaseAgeMs: 100 }];
    await clock.advance(2000);
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    directory.close();
  });

  it.each([-60_000, 2000, 3_600_000])('does not mind a wall clock that jumps by %d ms', async (jumpMs) => {
    const directory = await started();
    await beat(aNode('n1', { fence: 1 }));
    clock.jumpWallClock(jumpMs);
    expect(directory.candidates().fallbackNodeId).toBe('n1');
    registry.nodes = [{ record: aNode('n2'), fence: 1, leaseAgeMs: 0 }];
    const { reads } = registry;
    await clock.advance(2500);
    expect(registry.reads).toBeGreaterThan(reads);
    expect(directory.candidates().openNodeIds).toEqual(['n2']);
    clock.jumpWallClock(-2 * jumpMs);
    registry.nodes = [];
    await clock.advance(3000);
    expect(directory.candidates().openNodeIds).toEqual([]);
    directory.close();
  });

  it('reads the loads of many nodes from the registry once a second and ignores their heartbeats', async () => {
    const many = Array.from({ length: 30 }, (_, at) => aNode(`n${at}`, { fence: 1 }));
    registry.nodes = many.map((record) => ({ record, fence: 1, leaseAgeMs: 0 }));
    const directory = await started();
    await beat(aNode('n0', { fence: 1, beat: 9, used: 0.5 }));
    expect(directory.views()[0]?.record.load.used).toBe(0);
    registry.nodes = many.map((record) => ({
      record: { ...record, beat: 10, load: { ...record.load, used: 0.3 } },
      ...{ fence: 1, leaseAgeMs: 0 },
    }));
    const { reads } = registry;
    for (let passed = 0; passed < 60_000; passed += 100) {
      await clock.advance(100);
      expect(directory.candidates().openNodeIds).toHaveLength(30);
    }
    expect(registry.reads - reads).toBeGreaterThan(55);
    expect(registry.reads - reads).toBeLessThan(80);
    expect(directory.views()[0]?.record.load.used).toBe(0.3);
    // A drain is published at once anyway.
    bus.publish(subjects.nodeState('n0'), aNode('n0', { fence: 1, beat: 11, state: 'draining' }));
    await clock.advance(0);
    expect(directory.candidates().openNodeIds).toHaveLength(29);
    // Few are listened to again.
    registry.nodes = registry.nodes.slice(0, 10);
    await clock.advance(65_000);
    await beat(aNode('n1', { fence: 1, beat: 99, used: 0.7 }));
    expect(directory.views().find(({ record }) => record.nodeId === 'n1')?.record.load.used).toBe(0.7);
    directory.close();
  });

  it('leaves out excluded nodes', async () => {
    const directory = await started();
    await beat(aNode('n1'));
    await beat(aNode('n2'));
    expect(directory.candidates({ excludeNodeIds: ['n1'] })).toEqual({
      fallbackNodeId: 'n2',
      openNodeIds: ['n2'],
    });
    expect(() => directory.candidates({ excludeNodeIds: ['n1'], preferredNodeId: 'n1' })).toThrowError(
      expect.objectContaining({ code: 'NODE_NOT_FOUND' }) as Error,
    );
    directory.close();
  });

  it('works with the registry alone while the bus is silent', async () => {
    const directory = await started();
    await clock.advance(5000);
    registry.nodes = [{ record: aNode('n1'), fence: 1, leaseAgeMs: 100 }];
    await clock.advance(500);
    for (let n = 0; n < 50; n++) {
      await clock.advance(100);
      expect(directory.candidates().fallbackNodeId).toBe('n1');
    }
    directory.close();
  });
});
