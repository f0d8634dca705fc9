import { freePort, RedisServer, startRedis } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { describe, expect, it, vi } from 'vitest';
import { connectStore, type ClusterStore, type StoreStatus } from '../index.ts';
import { aNode, aRequest } from '../testing/builders.ts';

const WITHIN_MS = 1500;

/** Every kind of call: a script, a batch, the index, the registry. */
function calls(store: ClusterStore): Promise<unknown>[] {
  const { rooms, nodes } = store;
  return [
    rooms.place(aRequest({ identity: 'ann' })),
    rooms.snapshot('blue'),
    rooms.heads(['blue', 'red']),
    rooms.listRooms({ pageSize: 10 }),
    nodes.list(),
    nodes.renew(aNode('n1'), { fence: undefined, ttlMs: 5000 }),
  ];
}

async function expectUnavailable(store: ClusterStore): Promise<void> {
  const startedMs = performance.now();
  const outcomes = await Promise.all(calls(store).map((call) => call.catch((error: unknown) => error)));
  for (const outcome of outcomes) {
    expect(outcome).toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: expect.any(Number) as number });
  }
  expect(performance.now() - startedMs).toBeLessThan(WITHIN_MS);
}

async function expectRecovered(store: ClusterStore): Promise<void> {
  await vi.waitFor(() => store.rooms.snapshot('blue'), { timeout: 10_000, interval: 20 });
  await Promise.all(calls(store));
}

/** Without waiting for anything, not even for a turn of the event loop. */
async function expectUnavailableAtOnce(store: ClusterStore): Promise<void> {
  const turned = new Promise((resolve) => setImmediate(resolve, 'waited'));
  for (const call of calls(store)) {
    const outcome = await Promise.race([call.catch((error: unknown) => error), turned]);
    expect(outcome).toMatchObject({ code: 'UNAVAILABLE' });
  }
}

/** Looks again and again until so much time has passed: something has to hold all the while. */
async function pass(ms: number, look: () => Promise<void>): Promise<void> {
  const startedMs = performance.now();
  while (performance.now() - startedMs < ms) {
    await look();
    await systemClock.sleep(20);
  }
}

async function connected(server: RedisServer): Promise<ClusterStore> {
  return await connectStore({ url: server.url, clock: systemClock });
}

describe('a store', () => {
  it('answers UNAVAILABLE in time when Redis stops, and serves again when it is back', async () => {
    await using server = await startRedis();
    const store = await connected(server);
    await Promise.all(calls(store));
    await server.kill();
    await expectUnavailable(store);
    await expectUnavailable(store);
    expect(store.status.state).toBe('disconnected');
    await server.start();
    await expectRecovered(store);
    expect(store.status.state).toBe('connected');
    await store.close();
  });

  it('waits for a hanging Redis once, then for nothing, and serves within 1 s of its return', async () => {
    await using server = await startRedis();
    const told: StoreStatus['state'][] = [];
    const onStatus = ({ state }: StoreStatus): void => void told.push(state);
    const store = await connectStore({ url: server.url, clock: systemClock, onStatus });
    await Promise.all(calls(store));
    // One that continues before the connection is dropped, and one after that.
    for (const hangs of ['briefly', 'for long']) {
      await server.freeze();
      try {
        await expectUnavailable(store);
        await expectUnavailableAtOnce(store);
        if (hangs === 'for long') await pass(2500, () => expectUnavailableAtOnce(store));
      } finally {
        server.thaw();
      }
      const thawedMs = performance.now();
      await vi.waitFor(() => store.rooms.snapshot('blue'), { timeout: 5000, interval: 10 });
      expect(performance.now() - thawedMs).toBeLessThan(1000);
      await Promise.all(calls(store));
      expect(told.splice(0).at(-1)).toBe('connected');
    }
    await store.close();
  });

  it.each([1200, 2600])(
    'is not taken for one that hangs after this process was paused for %d ms',
    async (ms) => {
      await using server = await startRedis();
      const told: StoreStatus['state'][] = [];
      const onStatus = ({ state }: StoreStatus): void => void told.push(state);
      const store = await connectStore({ url: server.url, clock: systemClock, onStatus });
      await Promise.all(calls(store));
      const waiting = calls(store);
      // Nothing of this process runs meanwhile, as in a long collection, or while its machine is suspended.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
      await Promise.all(waiting);
      expect(told).toEqual(['connected']);
      await store.close();
    },
  );

  it('says when it has recovered, to those who follow its rooms', async () => {
    await using server = await startRedis();
    const store = await connected(server);
    let recoveries = 0;
    store.rooms.onRecovered?.(() => recoveries++);
    await server.kill();
    await vi.waitFor(() => expect(store.status.state).toBe('disconnected'), { timeout: 5000, interval: 10 });
    await server.start();
    await vi.waitFor(() => expect(recoveries).toBe(1), { timeout: 5000, interval: 10 });
    await store.close();
  });

  it('fails waiting calls when Redis dies, and runs none of them on the next connection', async () => {
    await using server = await startRedis();
    const store = await connected(server);
    await server.freeze();
    const waiting = calls(store).map((call) => call.catch((error: unknown) => error));
    await server.kill();
    await server.start();
    for (const outcome of await Promise.all(waiting)) expect(outcome).toMatchObject({ code: 'UNAVAILABLE' });
    await vi.waitFor(() => store.rooms.heads([]), { timeout: 10_000, interval: 20 });
    await vi.waitFor(async () => expect(await store.rooms.snapshot('blue')).toBeUndefined(), {
      timeout: 5000,
    });
    await store.close();
  });

  it('waits for a Redis that is not there yet, and says so', async () => {
    await using server = new RedisServer(await freePort(), {});
    const told: StoreStatus['state'][] = [];
    const onStatus = ({ state }: StoreStatus): void => void told.push(state);
    const connecting = connectStore({ url: server.url, clock: systemClock, onStatus });
    await vi.waitFor(() => expect(told).toEqual(['disconnected']), { timeout: 5000 });
    await server.start();
    const store = await connecting;
    expect(told).toEqual(['disconnected', 'connected']);
    await Promise.all(calls(store));
    await store.close();
  });

  it('stops waiting when its signal is aborted', async () => {
    const stop = new AbortController();
    const url = `redis://127.0.0.1:${await freePort()}`;
    const connecting = connectStore({
      url,
      clock: systemClock,
      signal: stop.signal,
      onStatus: () => stop.abort(),
    });
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('serves no call after it was closed', async () => {
    await using server = await startRedis();
    const store = await connected(server);
    await store.close();
    await expectUnavailable(store);
  });
});
