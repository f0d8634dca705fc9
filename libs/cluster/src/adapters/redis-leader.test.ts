import { startRedis, type RedisServer } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectStore, type ClusterStore, type LeaderLease } from '../index.ts';
import { aRequest } from '../testing/builders.ts';

const KEY = 'skein:reconciler';
const ttlMs = 60_000;

let server: RedisServer;
let stores: ClusterStore[];
let one: LeaderLease;
let other: LeaderLease;
let raw: Redis;

beforeAll(async () => {
  server = await startRedis();
  stores = await Promise.all([1, 2].map(() => connectStore({ url: server.url, clock: systemClock })));
  [one, other] = stores.map((store) => store.leader) as [LeaderLease, LeaderLease];
  raw = new Redis(server.url);
});
afterAll(async () => {
  raw.disconnect();
  await Promise.all(stores.map((store) => store.close()));
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await raw.flushall();
});

/** As if the lease's time had passed: it is told by the store's clock. */
async function runOut(): Promise<void> {
  const [seconds] = await raw.time();
  await raw.hset(KEY, 'untilUs', String(Number(seconds) * 1e6 - 1));
}

describe('the lease of the one that leads', () => {
  it('has one holder at a time, whose number stays while it renews', async () => {
    const fence = await one.hold('a', ttlMs);
    expect(fence).toBeGreaterThan(0);
    expect(await other.hold('b', ttlMs)).toBeUndefined();
    expect(await one.hold('a', ttlMs)).toBe(fence);
  });

  it('goes to another one when it has run out, with a higher number', async () => {
    const first = await one.hold('a', ttlMs);
    await runOut();
    const second = await other.hold('b', ttlMs);
    expect(second).toBeGreaterThan(first ?? Number.NaN);
    expect(await one.hold('a', ttlMs)).toBeUndefined();
    await one.release('a');
    expect(await other.hold('b', ttlMs)).toBe(second);
  });

  it('has a higher number for a holder that let it run out too, as another one may have led meanwhile', async () => {
    const first = await one.hold('a', ttlMs);
    await runOut();
    expect(await one.hold('a', ttlMs)).toBeGreaterThan(first ?? Number.NaN);
  });

  it('is free at once when it is given back', async () => {
    const first = await one.hold('a', ttlMs);
    await one.release('a');
    expect(await other.hold('b', ttlMs)).toBeGreaterThan(first ?? Number.NaN);
  });

  it('has a higher number even when the store has a clock that fell back', async () => {
    await raw.hset(KEY, { holder: 'z', fence: '9000000000000000', untilUs: '1' });
    expect(await one.hold('a', ttlMs)).toBe(9_000_000_000_000_001);
  });

  it('goes to exactly one of many that ask at once', async () => {
    const asked = await Promise.all(
      Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).hold(`h${n}`, ttlMs)),
    );
    expect(asked.filter((fence) => fence !== undefined)).toHaveLength(1);
  });

  it('is refused to one that was held up, who wants to take somebody out of a room', async () => {
    const first = (await one.hold('a', ttlMs)) ?? Number.NaN;
    const { rooms } = stores[0] as ClusterStore;
    const { participant } = await rooms.place(aRequest({ identity: 'ann' }));
    const takeOut = async (fence: number) => await rooms.leave('blue', participant, 'node-died', fence);
    await runOut();
    await expect(takeOut(first)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    const second = (await other.hold('b', ttlMs)) ?? Number.NaN;
    await expect(takeOut(first)).rejects.toMatchObject({ code: 'STALE_EPOCH' });
    expect(await rooms.snapshot('blue')).toMatchObject({ participants: [{ identity: 'ann' }] });
    expect((await takeOut(second)).changes).toHaveLength(1);
    expect((await takeOut(second)).changes).toEqual([]);
    expect((await one.view()).acts).toMatchObject([{ fence: second, what: 'take out ann' }]);
    expect(await one.hold('b', ttlMs)).toBe(second);
  });

  it('takes 500 ms to a minute', async () => {
    for (const wrong of [499, 60_001])
      await expect(one.hold('a', wrong)).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });
});
