import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaNodeConfig } from '../node/media-node-config.ts';
import { PLENTY, TestCluster } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await TestCluster.start();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

let nodes = 0;
function nodeWith(
  limits: { node?: object; worker?: object },
  more: Partial<MediaNodeConfig> = {},
): ReturnType<TestCluster['addNode']> {
  const capacityLimits = { node: { ...PLENTY, ...limits.node }, worker: { ...PLENTY, ...limits.worker } };
  return cluster.addNode({ nodeId: `limited-${++nodes}`, capacityLimits, ...more });
}

async function loadOf(nodeId: string) {
  const listed = await cluster.store.nodes.list();
  return listed.find(({ record }) => record.nodeId === nodeId)?.record.load;
}

describe('a node at a hard limit', () => {
  it.each([
    ['sessions', { sessions: 2 }],
    ['rooms', { rooms: 2 }],
    ['transports', { transports: 4 }],
  ])(
    'a node at its limit of %s refuses a session, shows it in its load, and keeps the others',
    async (resource, limits) => {
      const node = await nodeWith({ node: limits });
      const ann = await cluster.join(node, `${resource} a`, 'ann');
      const bob = await cluster.join(node, `${resource} b`, 'bob');
      const refused = cluster.join(node, `${resource} c`, 'cho');
      await expect(refused).rejects.toMatchObject({
        code: 'LIMIT_EXCEEDED',
        details: { scope: 'node', resource },
        retryAfterMs: expect.any(Number) as number,
      });
      await vi.waitFor(
        async () => expect(await loadOf(node.nodeId)).toMatchObject({ used: 1, limitsUsed: 1 }),
        {
          timeout: 3000,
        },
      );
      await ann.publishAudio(`trk_${resource}`, audioParameters({ ssrc: 100 + nodes }));
      await bob.leave();
      await vi.waitFor(() => cluster.join(node, `${resource} c`, 'dan'), { timeout: 5000 });
    },
  );

  it('a node at its track limit refuses a track, and takes subscriptions', async () => {
    const node = await nodeWith({ node: { tracks: 1 } });
    const [ann, bob] = [await cluster.join(node, 'tracks', 'ann'), await cluster.join(node, 'tracks', 'bob')];
    await ann.publishAudio('trk_first', audioParameters({ ssrc: 201 }));
    await expect(bob.publishAudio('trk_second', audioParameters({ ssrc: 202 }))).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { resource: 'tracks', limit: 1 },
    });
    await bob.watch('trk_first');
    await ann.request('unpublish', { trackId: 'trk_first' });
    await bob.publishAudio('trk_second', audioParameters({ ssrc: 202 }));
  });

  it('a node at its subscription limit refuses one more', async () => {
    const node = await nodeWith({ node: { subscriptions: 1 } });
    const ann = await cluster.join(node, 'subs', 'ann');
    await ann.publishAudio('trk_subs', audioParameters({ ssrc: 301 }));
    const [bob, cho] = [await cluster.join(node, 'subs', 'bob'), await cluster.join(node, 'subs', 'cho')];
    const { subscriptionId } = await bob.watch('trk_subs');
    await expect(cho.watch('trk_subs')).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    await bob.request('unsubscribe', { subscriptionId });
    await cho.watch('trk_subs');
  });
});

describe('a worker at a hard limit', () => {
  it('a full worker leaves sessions to another one; with all full, the node refuses', async () => {
    const node = await nodeWith({ worker: { sessions: 2 } }, { workers: 2 });
    const room = 'workers';
    const four = [];
    for (const name of ['ann', 'bob', 'cho', 'dan']) four.push(await cluster.join(node, room, name));
    await expect(cluster.join(node, room, 'eve')).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      details: { scope: 'worker' },
    });
    await vi.waitFor(async () => expect(await loadOf(node.nodeId)).toMatchObject({ limitsUsed: 1 }), {
      timeout: 3000,
    });
    await four[0]!.leave();
    await cluster.join(node, room, 'eve');
  });
});

it('the load figure follows real packets within 3 s, up and down', async () => {
  const node = await nodeWith({});
  const ann = await cluster.join(node, 'measured', 'ann');
  await ann.publishAudio('trk_measured', audioParameters({ ssrc: 501 }));
  const names = Array.from({ length: 20 }, (_, at) => `viewer-${at}`);
  for (const name of names) await (await cluster.join(node, 'measured', name)).watch('trk_measured');
  let sequenceNumber = 0;
  const sentAtMs: number[] = [];
  const sending = systemClock.every(20, () => {
    sequenceNumber++;
    sentAtMs.push(performance.now());
    const timestamp = 960 * sequenceNumber;
    cluster.engine.inject(501, { payloadType: 111, sequenceNumber, timestamp, payload: Buffer.alloc(60, 1) });
  });
  /** What came in and went to 20 viewers per second, of late: a busy machine sends more slowly than it was told to. */
  const truth = (): number => (sentAtMs.filter((atMs) => atMs > performance.now() - 3000).length / 3) * 21;
  try {
    await vi.waitFor(
      async () => {
        const { packetsPerSecond } = (await loadOf(node.nodeId))!;
        expect(truth()).toBeGreaterThan(100);
        expect(Math.abs(packetsPerSecond - truth())).toBeLessThan(0.25 * truth());
      },
      { timeout: 10_000, interval: 50 },
    );
  } finally {
    sending[Symbol.dispose]();
  }
  await vi.waitFor(async () => expect((await loadOf(node.nodeId))!.packetsPerSecond).toBeLessThan(20), {
    timeout: 5000,
    interval: 50,
  });
});
