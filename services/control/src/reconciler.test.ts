import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { defaultBrake } from './failure-detection/eviction-limit.ts';
import { BEAT_EVERY_MS, TestWorld, type NodeMode } from './testing/simulated-cluster.ts';

async function calmWorld(): Promise<TestWorld> {
  const world = new TestWorld();
  for (const nodeId of ['n1', 'n2', 'n3']) world.startNode(nodeId);
  world.startControl('ctl_1');
  await world.pass(5000);
  return world;
}

describe('a node that is killed or hangs', () => {
  test.each<[NodeMode, number]>([
    ['killed', 400],
    ['hung', 1400],
  ])('%s is declared dead within %d ms, whenever in its beat it happens', async (mode, withinMs) => {
    for (let phaseMs = 0; phaseMs < BEAT_EVERY_MS; phaseMs += 50) {
      const world = await calmWorld();
      await world.pass(phaseMs);
      const atMs = world.clock.monotonicMs();
      const { startedAtMs } = world.node('n2');
      world.setMode('n2', mode);
      await world.pass(3000);
      expect(world.deaths).toMatchObject([{ nodeId: 'n2', startedAtMs }]);
      expect((world.deaths[0]?.atMs ?? Infinity) - atMs).toBeLessThanOrEqual(withinMs);
    }
  });

  test('is told again each second for 10 s, for those who missed it', async () => {
    const world = await calmWorld();
    let told = 0;
    world.onDeathNotice(() => told++);
    world.setMode('n2', 'killed');
    await world.pass(20_000);
    expect(told).toBe(11);
  });

  test('that wakes up after its burial is a new start, and is not declared dead again', async () => {
    const world = await calmWorld();
    world.setMode('n2', 'hung');
    await world.pass(3000);
    world.setMode('n2', 'up');
    await world.pass(20_000);
    expect(world.deaths).toHaveLength(1);
    expect(world.node('n2').startedAtMs).toBeGreaterThan(world.deaths[0]?.startedAtMs ?? Infinity);
  });

  test.each([-60_000, 60_000])('is found as fast when the wall clock jumps by %d ms', async (jumpMs) => {
    const world = await calmWorld();
    world.clock.jumpWallClock(jumpMs);
    await world.pass(5000);
    expect(world.burials).toEqual([]);
    world.setMode('n2', 'killed');
    world.clock.jumpWallClock(-2 * jumpMs);
    await world.pass(1200);
    expect(world.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });

  test('that comes back on a host whose clock is slow is watched as any other', async () => {
    const world = await calmWorld();
    world.setMode('n2', 'killed');
    await world.pass(3000);
    world.clock.jumpWallClock(-60_000);
    world.setMode('n2', 'up');
    await world.pass(20_000);
    expect(world.deaths).toHaveLength(1);
    world.setMode('n2', 'killed');
    await world.pass(3000);
    expect(world.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2', 'n2']);
  });
});

describe('nobody is declared dead', () => {
  test.each<[string, (world: TestWorld) => void, (world: TestWorld) => void]>([
    ['while the store is away', (world) => world.setStore('down'), (world) => world.setStore('up')],
    ['while the bus is away', (world) => world.setBus('down'), (world) => world.setBus('up')],
    ['when the store comes back empty', (world) => world.setStore('down'), emptied],
    ['that answers, cut off from the rest', (world) => world.setMode('n1', 'cutOff'), () => {}],
    ['that lost the bus', (world) => world.setMode('n1', 'offBus'), (world) => world.setMode('n1', 'up')],
  ])('%s for a minute, nor afterwards', async (_, begin, end) => {
    const world = await calmWorld();
    begin(world);
    await world.pass(60_000);
    end(world);
    await world.pass(20_000);
    expect(world.burials).toEqual([]);
  });

  test.each([500, 1200, 1800, 2400, 3500])('when store and bus are away for %d ms', async (awayMs) => {
    const world = await calmWorld();
    world.setStore('down');
    world.setBus('down');
    await world.pass(awayMs);
    world.setStore('up');
    world.setBus('up');
    await world.pass(20_000);
    expect(world.burials).toEqual([]);
  });

  test('that really died, as long as the store does not answer; then at once', async () => {
    const world = await calmWorld();
    world.setStore('down');
    world.setMode('n1', 'killed');
    await world.pass(30_000);
    expect(world.burials).toEqual([]);
    world.setStore('up');
    await world.pass(4000);
    expect(world.deaths.map(({ nodeId }) => nodeId)).toEqual(['n1']);
  });

  function emptied(world: TestWorld): void {
    world.emptyStore();
    world.setStore('up');
  }
});

test('a node that answers is not declared dead when its connection is cut every second', async () => {
  const world = await calmWorld();
  for (let second = 0; second < 60; second++) {
    world.loseConnection('n2');
    await world.pass(1000);
  }
  expect(world.burials).toEqual([]);
});

describe('a node whose control traffic is lost while its media arrives', () => {
  test('is not evicted while other nodes hear it, and is well again afterwards', async () => {
    const world = await calmWorld();
    world.setMode('n2', 'congested');
    await world.pass(9000);
    world.setMode('n2', 'up');
    await world.pass(20_000);
    expect(world.burials).toEqual([]);
  });

  test('is evicted when that lasts, as nobody can publish or subscribe there', async () => {
    const world = await calmWorld();
    world.setMode('n2', 'congested');
    await world.pass(12_000);
    expect(world.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });

  test('and that dies then is found as fast as any other', async () => {
    const world = await calmWorld();
    world.setMode('n2', 'congested');
    await world.pass(4000);
    world.setMode('n2', 'killed');
    await world.pass(1400);
    expect(world.deaths.map(({ nodeId }) => nodeId)).toEqual(['n2']);
  });
});

describe('many nodes that go missing together', () => {
  async function twoSites(): Promise<TestWorld> {
    const world = new TestWorld();
    for (const nodeId of ['e1', 'e2', 'e3', 'e4']) world.startNode(nodeId, 'eu');
    for (const nodeId of ['u1', 'u2', 'u3']) world.startNode(nodeId, 'us');
    world.startControl('ctl_1');
    await world.pass(5000);
    return world;
  }
  const us = ['u1', 'u2', 'u3'];

  test.each([1500, 3000])('are not evicted when their site is unreachable for %d ms', async (awayMs) => {
    const world = await twoSites();
    for (const nodeId of us) world.setMode(nodeId, 'hung');
    await world.pass(awayMs);
    for (const nodeId of us) world.setMode(nodeId, 'up');
    await world.pass(20_000);
    expect(world.burials).toEqual([]);
  });

  test('are evicted all the same when they stay away', async () => {
    const world = await twoSites();
    for (const nodeId of us) world.setMode(nodeId, 'hung');
    await world.pass(6000);
    expect(world.deaths.map(({ nodeId }) => nodeId).toSorted()).toEqual(us);
  });

  test('do not hold up the eviction of a single node of another site', async () => {
    const world = await twoSites();
    world.setMode('u1', 'killed');
    world.setMode('e1', 'killed');
    await world.pass(1400);
    expect(world.deaths.map(({ nodeId }) => nodeId).toSorted()).toEqual(['e1', 'u1']);
  });
});

describe('two controls', () => {
  test('evict a node once, by the one that holds the lease', async () => {
    const world = new TestWorld();
    for (const nodeId of ['n1', 'n2']) world.startNode(nodeId);
    world.startControl('ctl_1');
    await world.pass(10);
    world.startControl('ctl_22');
    await world.pass(5000);
    world.setMode('n1', 'killed');
    await world.pass(30_000);
    expect(world.burials.map(({ by, nodeId }) => [by, nodeId])).toEqual([['ctl_1', 'n1']]);
  });

  test('hand over when the one that acts stops, and within 4 s when it dies', async () => {
    const world = new TestWorld();
    for (const nodeId of ['n1', 'n2']) world.startNode(nodeId);
    const first = world.startControl('ctl_1');
    await world.pass(10);
    world.startControl('ctl_22');
    await world.pass(5000);
    await first.stop();
    await world.pass(1000);
    world.setMode('n1', 'killed');
    await world.pass(2000);
    expect(world.burials.map(({ by, nodeId }) => [by, nodeId])).toEqual([['ctl_22', 'n1']]);

    world.startControl('ctl_333');
    await world.pass(5000);
    world.killControl('ctl_22');
    world.setMode('n2', 'killed');
    await world.pass(4500);
    expect(world.burials.at(-1)).toMatchObject({ by: 'ctl_333', nodeId: 'n2' });
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

  async function carryOut(world: TestWorld, one: Step): Promise<void> {
    switch (one.kind) {
      case 'wait':
        return await world.pass(one.ms);
      case 'mode':
        return world.setMode(one.nodeId, one.mode);
      case 'store':
        return world.setStore(one.to as 'up' | 'down');
      case 'bus':
        return world.setBus(one.to as 'up' | 'down');
      case 'empty':
        return world.emptyStore();
    }
  }

  test('no node that lives is buried, and every dead one is in the end', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const world = new TestWorld();
        for (const id of ['n1', 'n2', 'n3']) world.startNode(id);
        world.startControl('ctl_1');
        world.startControl('ctl_22');
        await world.pass(4000);
        for (const one of steps) await carryOut(world, one);
        world.setStore('up');
        world.setBus('up');
        // The lease of the reconciler anew, store and bus steady, the questions, and the longer look.
        await world.pass(1000 + 2000 + 1500 + defaultBrake.longLookMs);

        expect(world.wrongBurials).toEqual([]);
        for (const { mode, nodeId: id, heardMs } of world.nodes.values()) {
          if ((mode !== 'hung' && mode !== 'killed') || heardMs === undefined) continue;
          expect(world.burials.some((one) => one.nodeId === id && one.atMs > heardMs)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});
