import { askRedis } from '@skein/local-cluster';
import type { SignalClient } from '@skein/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Gateway } from '../gateway.ts';
import { connect, LiveCluster } from '../testing/live-cluster.ts';
import { STORE_READ_EVERY_MS } from './catch-up.ts';

let cluster: LiveCluster;
let gateway: Gateway;
beforeAll(async () => {
  cluster = await LiveCluster.start(['node-1']);
  const syncs = { perSecond: 1e6, burst: 1e6 };
  gateway = await cluster.gateway({ rates: { changes: syncs, syncs } });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

/** Commands that read a room from Redis, also inside scripts: its entries, and its log. */
async function roomReads(): Promise<number> {
  const { port } = new URL(cluster.redis.url);
  const stats = await askRedis({ host: '127.0.0.1', port: Number(port) }, 'INFO commandstats');
  const calls = (command: string): number =>
    Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(stats ?? '')?.[1] ?? 0);
  return calls('hvals') + calls('xrange') + calls('xrevrange');
}

async function syncMany(client: SignalClient, versions: readonly number[], times: number): Promise<void> {
  for (let turn = 0; turn < times; turn++) {
    await Promise.all(versions.map((version) => client.request('sync', { version }).catch(() => undefined)));
  }
}

it('a loop of syncs with wrong versions does not load Redis', async () => {
  const clients = await Promise.all(Array.from({ length: 20 }, () => connect(gateway)));
  for (const [at, client] of clients.entries()) await client.join('sync loop', `person-${at}`);
  const [ada] = clients;
  const { snapshot } = (await ada!.request('sync', { version: 0 })) as { snapshot: { version: number } };
  const before = await roomReads();
  const startedMs = performance.now();
  await syncMany(ada!, [0, 1, snapshot.version - 3, snapshot.version + 1, 2 ** 50], 100);
  const allowed = Math.ceil((performance.now() - startedMs) / STORE_READ_EVERY_MS) + 1;
  expect((await roomReads()) - before).toBeLessThanOrEqual(allowed);
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
});
