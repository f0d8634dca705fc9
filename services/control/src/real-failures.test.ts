import { connectBus } from '@skein/bus';
import { connectStore, type ClusterStore } from '@skein/cluster';
import { startNats, startRedis } from '@skein/local-cluster';
import { nodeDeath, subjects, type NodeDeath } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { silentLogger, type LogFields } from '@skein/telemetry';
import { expect, it, vi, type TestContext } from 'vitest';
import { startControl, type Control } from './control.ts';
import { startTestNode, type TestNode } from './testing/test-node.ts';

const clock = systemClock;
/** Bounds are tested in virtual time; here a busy machine gets its share. */
const BUSY_MACHINE_MS = 3000;
type Cleanup = Pick<TestContext, 'onTestFinished'>;

/** Real servers, two nodes, and a listener for deaths. */
async function cluster({ onTestFinished }: Cleanup) {
  const [redis, nats] = await Promise.all([startRedis(), startNats()]);
  const urls = { redisUrl: redis.url, natsUrl: nats.url };
  const [store, bus] = await Promise.all([
    connectStore({ url: redis.url, clock }),
    connectBus({ url: nats.url, clock, name: 'test' }),
  ]);
  const deaths: (NodeDeath & { atMs: number })[] = [];
  bus.subscribe(subjects.anyNodeDead, (data) =>
    deaths.push({ ...nodeDeath.parse(data), atMs: clock.monotonicMs() }),
  );
  const [one, two] = await Promise.all([startTestNode('n1', urls), startTestNode('n2', urls)]);
  const nodes: TestNode[] = [one, two];
  onTestFinished(async () => {
    await Promise.all([store.close(), bus.close(), ...nodes.map((node) => node.kill())]);
    await Promise.all([redis[Symbol.asyncDispose](), nats[Symbol.asyncDispose]()]);
  });
  return { redis, nats, urls, store, deaths, one, two };
}

async function control(
  urls: { redisUrl: string; natsUrl: string },
  { onTestFinished }: Cleanup,
): Promise<Control & { evictions: LogFields[] }> {
  const evictions: LogFields[] = [];
  const note = (fields: LogFields): void => {
    if (fields['event'] === 'node.evicted') evictions.push(fields);
  };
  const started = await startControl({
    config: { ...urls, logLevel: 'info', grpcHost: '127.0.0.1', grpcPort: 0 },
    log: { ...silentLogger, warn: note },
    clock,
  });
  onTestFinished(() => started.stop('test ended'));
  await started.ready;
  return { ...started, evictions };
}

/** Until store and bus count as steady, and a control leads. */
const settled = (): Promise<void> => clock.sleep(3000);

async function join(store: ClusterStore, identity: string, nodeId: string): Promise<void> {
  await store.rooms.place({
    ...{ room: 'lobby', identity, name: identity, sessionId: `ses_${identity}`, maxParticipants: 10 },
    candidates: { fallbackNodeId: nodeId, openNodeIds: [nodeId], preferredNodeId: nodeId },
  });
}

async function nthDeath<Death extends NodeDeath>(deaths: readonly Death[], count: number): Promise<Death> {
  const find = (): Death => {
    // The notices are repeated.
    const distinct = deaths.filter(
      (one, index) => deaths.findIndex(({ nodeId }) => nodeId === one.nodeId) === index,
    );
    const death = distinct[count - 1];
    if (!death) throw new Error(`fewer than ${count} nodes have died`);
    return death;
  };
  return await vi.waitFor(find, { timeout: 10_000, interval: 10 });
}

it('a killed and a hung node are evicted in about a second; their participants leave later', async (context) => {
  const { urls, store, deaths, one, two } = await cluster(context);
  // Two of five: more than half would be looked at longer.
  for (const nodeId of ['n3', 'n4', 'n5'])
    await startTestNode(nodeId, urls).then((node) => context.onTestFinished(() => node.kill()));
  for (const nodeId of ['n1', 'n2', 'n3']) await join(store, `on-${nodeId}`, nodeId);
  await control(urls, context);
  await settled();

  const killedMs = clock.monotonicMs();
  await one.kill();
  const first = await nthDeath(deaths, 1);
  expect(first).toMatchObject({ nodeId: 'n1', startedAtMs: one.startedAtMs });
  expect(first.atMs - killedMs).toBeLessThan(BUSY_MACHINE_MS);

  const hungMs = clock.monotonicMs();
  two.hang();
  const second = await nthDeath(deaths, 2);
  expect(second).toMatchObject({ nodeId: 'n2', startedAtMs: two.startedAtMs });
  expect(second.atMs - hungMs).toBeLessThan(BUSY_MACHINE_MS);
  two.wake();
  await vi.waitFor(() => expect(two.fenced).toBe(true), { timeout: 5000 });

  const people = async () =>
    (await store.rooms.snapshot('lobby'))?.participants.map(({ identity }) => identity).toSorted();
  expect(await people()).toEqual(['on-n1', 'on-n2', 'on-n3']);
  await vi.waitFor(async () => expect(await people()).toEqual(['on-n3']), { timeout: 35_000, interval: 200 });
}, 60_000);

it('nobody dies while Redis or NATS hang or restart, nor when they come back', async (context) => {
  const { redis, nats, urls, deaths } = await cluster(context);
  await control(urls, context);
  await settled();
  for (const server of [redis, nats]) {
    await server.freeze();
    await clock.sleep(2500);
    server.thaw();
    await clock.sleep(2500);
    await server.kill();
    await server.start();
    await clock.sleep(2500);
  }
  expect(deaths).toEqual([]);
}, 60_000);

it('a second control takes over at once from one that stops, and within 4 s from one that dies', async (context) => {
  const { urls, store, deaths, one, two } = await cluster(context);
  expect(await store.leader.hold('ctl_dead', 3000)).toEqual(expect.any(Number));
  const heldMs = clock.monotonicMs();
  const controls = [await control(urls, context), await control(urls, context)];
  await one.kill();
  const { atMs } = await nthDeath(deaths, 1);
  expect(atMs - heldMs).toBeGreaterThan(2900);
  expect(atMs - heldMs).toBeLessThan(4000 + BUSY_MACHINE_MS);
  await clock.sleep(1000);
  const [acting, ...others] = controls.toSorted((a, b) => b.evictions.length - a.evictions.length);
  expect([acting, ...others].map((each) => each?.evictions.length)).toEqual([1, 0]);

  await acting?.stop('gone');
  await two.kill();
  await vi.waitFor(() => expect(others[0]?.evictions).toHaveLength(1), { timeout: 6000 });
  expect(others[0]?.evictions[0]).toMatchObject({ nodeId: 'n2' });
}, 60_000);
