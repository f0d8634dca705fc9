import type { SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Gateway } from './gateway.ts';
import { connect, LiveCluster } from './testing/live-cluster.ts';

let cluster: LiveCluster;
let gateway: Gateway;

beforeAll(async () => {
  cluster = await LiveCluster.start(['node-1']);
  gateway = await cluster.gateway();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function missing(): Promise<string[]> {
  const answer = await fetch(`http://127.0.0.1:${gateway.httpPort}/readyz`);
  return ((await answer.json()) as { missing: string[] }).missing;
}

it.each(['nats', 'redis'] as const)(
  'clients stay connected while %s is away and work when it is back',
  async (which) => {
    await using client = await connect(gateway);
    await using newcomer = await connect(gateway);
    const { room } = await client.join(`without ${which}`, 'ada');
    const node = cluster.node('node-1');
    node.on('restartIce', () => ({ iceParameters: { usernameFragment: 'u', password: 'p' } }));
    await cluster[which].kill();
    await eventually('the loss to be noticed', async () => (await missing()).includes(which));
    expect((await fetch(`http://127.0.0.1:${gateway.httpPort}/healthz`)).status).toBe(200);
    await client.request('ping', {});
    expect(await client.request('sync', { version: room.version })).toEqual({ changes: [] });
    const restart = client.request('restartIce', { direction: 'send' });
    const outcome = await restart.then(
      () => 'answered',
      ({ code }: SkeinError) => code,
    );
    expect(outcome).toBe(which === 'nats' ? 'UNAVAILABLE' : 'answered');
    const retry = { code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) };
    await expect(newcomer.join(`without ${which}`, 'bob')).rejects.toMatchObject(retry);
    await cluster[which].start();
    await eventually('readiness', async () => (await missing()).length === 0);
    // The node reconnects a little before or after the gateway.
    await eventually('the node to answer', () => client.request('restartIce', { direction: 'send' }));
    await eventually('a join that succeeds', () => newcomer.join(`without ${which}`, 'bob').then(Boolean));
    expect(client.closed).toBeUndefined();
  },
);

it('a join while NATS hangs fails soon and writes nothing', async () => {
  await using client = await connect(gateway);
  const { room } = await client.join('a hanging bus', 'ada');
  await cluster.nats.freeze();
  try {
    // The first one finds out; until then its placement may have been written and taken back.
    await using first = await connect(gateway);
    const startedMs = performance.now();
    await expect(first.join('another room', 'bob')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(performance.now() - startedMs).toBeLessThan(3000);
    await using second = await connect(gateway);
    await expect(second.join('a hanging bus', 'ada')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await client.request('sync', { version: room.version })).toEqual({ changes: [] });
  } finally {
    cluster.nats.thaw();
  }
  await eventually('readiness', async () => (await missing()).length === 0);
  await using last = await connect(gateway);
  await eventually('a join that succeeds', () => last.join('a hanging bus', 'cy').then(Boolean));
  expect(client.closed).toBeUndefined();
});
