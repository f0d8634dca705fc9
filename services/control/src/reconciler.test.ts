import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultEvictionLimit } from './failure-detection/eviction-limit.ts';
import { BEAT_EVERY_MS, SimulatedCluster, type NodeMode } from './testing/simulated-cluster.ts';

async function calmCluster(): Promise<SimulatedCluster> {
  const cluster = new SimulatedCluster();
  for (const nodeId of ['n1', 'n2', 'n3']) cluster.startNode(nodeId);
  cluster.startControl('ctl_1');
  await cluster.pass(5000);
  return cluster;
}

describe('a node that is killed or hangs', () => {
  it.each<[NodeMode, number]>([
    ['killed', 400],
    ['hung', 1400],
  ])('%s is declared dead within %d ms, at any phase of its heartbeat', async (mode, withinMs) => {
    for (let phaseMs = 0; phaseMs < BEAT_EVERY_MS; phaseMs += 50) {
      const cluster = await calmCluster();
      await cluster.pass(phaseMs);
      const atMs = cluster.clock.monotonicMs();
      const { startedAtMs } = cluster.node('n2');
      cluster.setMode('n2', mode);
      await cluster.pass(3000);
      expect(cluster.deaths).toMatchObject([{ nodeId: 'n2', startedAtMs }]);
      expect((cluster.deaths[0]?.atMs ?? Infinity) - atMs).toBeLessThanOrEqual(withinMs);
    }
  });

  it('is published each second for 10 s, for readers that missed it', async () => {
    const cluster = await calmCluster();
    let told = 0;
    cluster.onDeathNotice(() => told++);
    cluster.setMode('n2', 'killed');
    await cluster.pass(20_000);
    expect(told).toBe(11);
  });

  it('that wakes up after its eviction is a new start, and is not evicted again', async () => {
    const cluster = await calmCluster();
    cluster.setMode('n2', 'hung');
    await cluster.pass(3000);
    cluster.setMode('n2', 'up');
    await cluster.pass(20_000);
    expect(cluster.deaths).toHaveLength(1);
    expect(cluster.node('n2').startedAtMs).toBeGreaterThan(cluster.deaths[0]?.startedAtMs ?? Infinity);
  });

  it.each([-60_000, 60_000])('is found as fast when the wall clock jumps by %d ms', async (jumpMs) => {
    const cluster = await calmCluster();
    cluster.clock.jumpWallClock(jumpMs);
    await cluster.pass(5000);
    expect(cluster.evictions).toEqual([]);
    cluster.setMode('n2', 'killed');
    cluster.clock.jumpWallClock(-2 * jumpMs);
    await cluster.pass(1200);
    expect(cluster.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });

  it('that comes back on a host whose clock is slow is watched as any other', async () => {
    const cluster = await calmCluster();
    cluster.setMode('n2', 'killed');
    await cluster.pass(3000);
    cluster.clock.jumpWallClock(-60_000);
    cluster.setMode('n2', 'up');
    await cluster.pass(20_000);
    expect(cluster.deaths).toHaveLength(1);
    cluster.setMode('n2', 'killed');
    await cluster.pass(3000);
    expect(cluster.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2', 'n2']);
  });
});

describe('nobody is declared dead', () => {
  it.each<[string, (cluster: SimulatedCluster) => void, (cluster: SimulatedCluster) => void]>([
    ['while the store is away', (cluster) => cluster.setStore('down'), (cluster) => cluster.setStore('up')],
    ['while the bus is away', (cluster) => cluster.setBus('down'), (cluster) => cluster.setBus('up')],
    ['when the store comes back empty', (cluster) => cluster.setStore('down'), emptied],
    ['that answers, cut off from the rest', (cluster) => cluster.setMode('n1', 'cutOff'), () => {}],
    [
      'that lost the bus',
      (cluster) => cluster.setMode('n1', 'offBus'),
      (cluster) => cluster.setMode('n1', 'up'),
    ],
  ])('%s for a minute, nor afterwards', async (_, begin, end) => {
    const cluster = await calmCluster();
    begin(cluster);
    await cluster.pass(60_000);
    end(cluster);
    await cluster.pass(20_000);
    expect(cluster.evictions).toEqual([]);
  });

  it.each([500, 1200, 1800, 2400, 3500])('when store and bus are away for %d ms', async (awayMs) => {
    const cluster = await calmCluster();
    cluster.setStore('down');
    cluster.setBus('down');
    await cluster.pass(awayMs);
    cluster.setStore('up');
    cluster.setBus('up');
    await cluster.pass(20_000);
    expect(cluster.evictions).toEqual([]);
  });

  it('that really died, as long as the store does not answer; then at once', async () => {
    const cluster = await calmCluster();
    cluster.setStore('down');
    cluster.setMode('n1', 'killed');
    await cluster.pass(30_000);
    expect(cluster.evictions).toEqual([]);
    cluster.setStore('up');
    await cluster.pass(4000);
    expect(cluster.deaths.map(({ nodeId }) => nodeId)).toEqual(['n1']);
  });

  function emptied(cluster: SimulatedCluster): void {
    cluster.emptyStore();
    cluster.setStore('up');
  }
});

it('a node that answers is not declared dead when its connection is cut every second', async () => {
  const cluster = await calmCluster();
  for (let second = 0; second < 60; second++) {
    cluster.loseConnection('n2');
    await cluster.pass(1000);
  }
  expect(cluster.evictions).toEqual([]);
});

describe('a node whose control traffic is lost while its media arrives', () => {
  it('is not evicted while other nodes hear it, and is well again afterwards', async () => {
    const cluster = await calmCluster();
    cluster.setMode('n2', 'congested');
    await cluster.pass(9000);
    cluster.setMode('n2', 'up');
    await cluster.pass(20_000);
    expect(cluster.evictions).toEqual([]);
  });

  it('is evicted when that lasts, as nobody can publish or subscribe there', async () => {
    const cluster = await calmCluster();
    cluster.setMode('n2', 'congested');
    await cluster.pass(12_000);
    expect(cluster.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });

  it('and that dies then is found as fast as any other', async () => {
    const cluster = await calmCluster();
    cluster.setMode('n2', 'congested');
    await cluster.pass(4000);
    cluster.setMode('n2', 'killed');
    await cluster.pass(1400);
    expect(cluster.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });
});

describe('many nodes that go missing together', () => {
  async function twoSites(): Promise<SimulatedCluster> {
    const cluster = new SimulatedCluster();
    for (const nodeId of ['e1', 'e2', 'e3', 'e4']) cluster.startNode(nodeId, 'eu');
    for (const nodeId of ['u1', 'u2', 'u3']) cluster.startNode(nodeId, 'us');
    cluster.startControl('ctl_1');
    await cluster.pass(5000);
    return cluster;
  }
  const us = ['u1', 'u2', 'u3'];

  it.each([1500, 3000])('are not evicted when their site is unreachable for %d ms', async (awayMs) => {
    const cluster = await twoSites();
    for (const nodeId of us) cluster.setMode(nodeId, 'hung');
    await cluster.pass(awayMs);
    for (const nodeId of us) cluster.setMode(nodeId, 'up');
    await cluster.pass(20_000);
    expect(cluster.evictions).toEqual([]);
  });

  it('are evicted all the same when they stay away', async () => {
    const cluster = await twoSites();
    for (const nodeId of us) cluster.setMode(nodeId, 'hung');
    await cluster.pass(6000);
    expect(cluster.deaths.map(({ nodeId }) => nodeId).toSorted()).toEqual(us);
  });

  it('do not hold up the eviction of a single node of another site', async () => {
    const cluster = await twoSites();
    cluster.setMode('u1', 'killed');
    cluster.setMode('e1', 'killed');
    await cluster.pass(1400);
    expect(cluster.deaths.map(({ nodeId }) => nodeId).toSorted()).toEqual(['e1', 'u1']);
  });
});

describe('two controls', () => {
  it('evict a node once, by the leader', async () => {
    const cluster = new SimulatedCluster();
    for (const nodeId of ['n1', 'n2']) cluster.startNode(nodeId);
    cluster.startControl('ctl_1');
    await cluster.pass(10);
    cluster.startControl('ctl_22');
    await cluster.pass(5000);
    cluster.setMode('n1', 'killed');
    await cluster.pass(30_000);
    expect(cluster.evictions.map(({ by, nodeId }) => [by, nodeId])).toEqual([['ctl_1', 'n1']]);
  });

  it('hand over when the leader stops, and within 4 s when it dies', async () => {
    const cluster = new SimulatedCluster();
    for (const nodeId of ['n1', 'n2']) cluster.startNode(nodeId);
    const first = cluster.startControl('ctl_1');
    await cluster.pass(10);
    cluster.startControl('ctl_22');
    await cluster.pass(5000);
    await first.stop();
    await cluster.pass(1000);
    cluster.setMode('n1', 'killed');
    await cluster.pass(2000);
    expect(cluster.evictions.map(({ by, nodeId }) => [by, nodeId])).toEqual([['ctl_22', 'n1']]);

    cluster.startControl('ctl_333');
    await cluster.pass(5000);
    cluster.killControl('ctl_22');
    cluster.setMode('n2', 'killed');
    await cluster.pass(4500);
    expect(cluster.evictions.at(-1)).toMatchObject({ by: 'ctl_333', nodeId: 'n2' });
  });
});

describe('whatever fails in whatever order', () => {
  const nodeId = fc.constantFrom('n1', 'n2', 'n3');
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(4000) }) },
    fc.record({
      kind: fc.constant('mode' as const),
      nodeId,
      mode: fc.constantFrom<NodeMode>('up', 'offBus', 'cutOff', 'congested', 'hung', 'killed'),
    }),
    fc.record({ kind: fc.constantFrom('store' as const, 'bus' as const), to: fc.constantFrom('up', 'down') }),
    fc.record({ kind: fc.constant('empty' as const) }),
  );
  type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

  async function carryOut(cluster: SimulatedCluster, one: Step): Promise<void> {
    switch (one.kind) {
      case 'wait':
        return await cluster.pass(one.ms);
      case 'mode':
        return cluster.setMode(one.nodeId, one.mode);
      case 'store':
        return cluster.setStore(one.to as 'up' | 'down');
      case 'bus':
        return cluster.setBus(one.to as 'up' | 'down');
      case 'empty':
        return cluster.emptyStore();
    }
  }

  it('no living node is evicted, and every dead one is in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const cluster = new SimulatedCluster();
        for (const id of ['n1', 'n2', 'n3']) cluster.startNode(id);
        cluster.startControl('ctl_1');
        cluster.startControl('ctl_22');
        await cluster.pass(4000);
        for (const one of steps) await carryOut(cluster, one);
        cluster.setStore('up');
        cluster.setBus('up');
        // A new leader lease, store and bus healthy again, the probes, and the longer look.
        await cluster.pass(1000 + 2000 + 1500 + defaultEvictionLimit.longLookMs);

        expect(cluster.wrongEvictions).toEqual([]);
        for (const { mode, nodeId: id, heardMs } of cluster.nodes.values()) {
          if ((mode !== 'hung' && mode !== 'killed') || heardMs === undefined) continue;
          expect(cluster.evictions.some((one) => one.nodeId === id && one.atMs > heardMs)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
