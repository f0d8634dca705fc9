import { createMemoryBus } from '@skein/bus/testing';
import { wholeReading, type NodeRegistry, type RegistryReading } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import type { RpcClients } from '@skein/rpc';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Peers } from './peers.ts';

function record(nodeId: string, changes: Partial<NodeRecord> = {}): NodeRecord {
  return {
    ...{ nodeId, region: 'r', state: 'ready', grpcAddress: `${nodeId}:1`, workers: 1, version: '1' },
    ...{ startedAtMs: 1, beat: 0 },
    load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
    ...changes,
  };
}

function setUp(...present: readonly NodeRecord[]) {
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const others = hub.connect('others');
  const registry = {
    ...{ records: present, failing: false, reads: 0 },
    since: undefined as number | undefined,
    answer: undefined as RegistryReading | undefined,
  };
  const nodes: Pick<NodeRegistry, 'read'> = {
    read: async ({ since } = {}) => {
      registry.reads++;
      registry.since = since;
      if (registry.failing) throw SkeinError.unavailable('the store');
      if (registry.answer) return registry.answer;
      const listed = registry.records.map((one) => ({ record: one, fence: one.fence ?? 1, leaseAgeMs: 0 }));
      return wholeReading(listed, 5);
    },
  };
  const greeted: string[] = [];
  const clients = {
    client: (_service: unknown, address: string) => ({
      address,
      getStatus: async () => void greeted.push(address),
    }),
    close: () => undefined,
  };
  const peers = new Peers({
    ...{ nodeId: 'me', clock, random: seededRandom(1), bus: hub.connect('me') },
    nodes: nodes as NodeRegistry,
    clients: clients as unknown as RpcClients,
  });
  const tell = async (news: NodeRecord): Promise<void> => {
    others.publish(subjects.nodeState(news.nodeId), news);
    await clock.advance(0);
  };
  const addressOf = async (nodeId: string): Promise<string> =>
    ((await peers.client(nodeId)) as unknown as { address: string }).address;
  const start = async (): Promise<void> => {
    peers.start();
    await clock.advance(0);
  };
  return { clock, registry, peers, greeted, tell, addressOf, start };
}

describe('the other nodes', () => {
  it('other nodes are read from the registry at the start and connected once', async () => {
    const { clock, peers, greeted, start } = setUp(record('me'), record('a'), record('b'));
    await start();
    expect(peers.ready).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect(greeted).toEqual(['a:1', 'b:1']);
  });

  it('a node that starts or begins to drain is known at once', async () => {
    const { registry, peers, greeted, tell, start } = setUp(record('a'));
    await start();
    const { reads } = registry;
    await tell(record('b'));
    await tell(record('a', { state: 'draining', beat: 1 }));
    expect(peers.ready).toEqual(['b']);
    expect(greeted).toEqual(['a:1', 'b:1']);
    expect(registry.reads).toBe(reads);
  });

  it('a restarted node is reached at its new address', async () => {
    const { tell, addressOf, start } = setUp(record('a', { startedAtMs: 5, beat: 9 }));
    await start();
    await tell(record('a', { startedAtMs: 3, fence: 2, grpcAddress: 'elsewhere:1' }));
    expect(await addressOf('a')).toBe('elsewhere:1');
    await tell(record('a', { startedAtMs: 5, fence: 1, beat: 10 }));
    expect(await addressOf('a')).toBe('elsewhere:1');
  });

  it('the registry is read as changes since the last read; none leave the view as it is', async () => {
    const { clock, registry, peers, start } = setUp(record('a'), record('b'));
    await start();
    expect(registry.since).toBeUndefined();
    registry.answer = { version: 6, whole: false, nodes: [], gone: [], reports: new Map() };
    await clock.advance(6000);
    expect(registry.since).toBe(5);
    expect(peers.ready).toEqual(['a', 'b']);
    const c = { record: record('c'), fence: 1, leaseAgeMs: 0 };
    registry.answer = { version: 7, whole: false, nodes: [c], gone: ['a'], reports: new Map() };
    await clock.advance(6000);
    expect(registry.since).toBe(6);
    expect(peers.ready).toEqual(['b', 'c']);
  });

  it('a node whose event was lost is found by a later read', async () => {
    const { clock, registry, peers, start } = setUp();
    await start();
    registry.records = [record('a')];
    await clock.advance(6000);
    expect(peers.ready).toEqual(['a']);
  });

  it('an event received during a read is not overwritten by the older record', async () => {
    const { clock, peers, tell, start } = setUp(record('a'));
    await start();
    await tell(record('a', { state: 'draining', beat: 7 }));
    await clock.advance(6000);
    expect(peers.anyReady).toBe(false);
  });

  it('a node without a lease takes no sessions and is still reachable', async () => {
    const { clock, registry, peers, addressOf, start } = setUp(record('a'));
    await start();
    registry.records = [];
    await clock.advance(6000);
    expect(peers.anyReady).toBe(false);
    expect(await addressOf('a')).toBe('a:1');
  });

  it('the view stays as it was while the store does not answer', async () => {
    const { clock, registry, peers, start } = setUp(record('a'));
    await start();
    registry.failing = true;
    await clock.advance(60_000);
    await peers.refresh();
    expect(peers.ready).toEqual(['a']);
  });

  it('an unknown node is read from the registry, and fails with a clear error', async () => {
    const { clock, registry, peers, addressOf, start } = setUp();
    await start();
    registry.records = [record('a')];
    expect(await addressOf('a')).toBe('a:1');
    await expect(peers.client('nobody')).rejects.toMatchObject({ code: 'PIPE_FAILED' });
    peers.close();
    const { reads } = registry;
    await clock.advance(60_000);
    expect(registry.reads).toBe(reads);
  });

  it('a refresh reads the registry, but not twice in a short time', async () => {
    const { clock, registry, peers, start } = setUp();
    await start();
    await clock.advance(1000);
    const { reads } = registry;
    await Promise.all([peers.refresh(), peers.refresh()]);
    await peers.refresh();
    expect(registry.reads).toBe(reads + 1);
  });
});
