import { startRedis, type RedisServer } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { connectStore } from '../adapters/redis-store.ts';
import { keys } from '../scripts/keys.ts';
import type { ClusterStore } from '../store/cluster-store.ts';
import type { StoreUnderTest } from './contract/store-under-test.ts';

/** A store on a Redis of its own, and a client that looks past the store. */
export interface RedisUnderTest extends StoreUnderTest {
  readonly url: string;
  readonly raw: Redis;
}

/** Registers hooks: a Redis that is empty before each test. `onReady` runs before the first one. */
export function useRedis(onReady: (test: RedisUnderTest) => void): void {
  let server: RedisServer;
  let test: RedisUnderTest;
  beforeAll(async () => {
    server = await startRedis();
    const { url } = server;
    const connect = (): Promise<ClusterStore> => connectStore({ url, clock: systemClock, name: 'test' });
    test = underTest({ url, connect, store: await connect(), raw: new Redis(url) });
    onReady(test);
  });
  afterAll(async () => {
    test.raw.disconnect();
    await test.store.close();
    await server[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    await test.raw.flushall();
  });
}

function underTest(given: Pick<RedisUnderTest, 'url' | 'connect' | 'store' | 'raw'>): RedisUnderTest {
  const { raw } = given;
  const keyOf = (room: string, part: string): string => (keys.room(room)[0] ?? '').replace(/meta$/, part);
  return {
    ...given,
    lose: async (room) => void (await (room === undefined ? raw.flushall() : raw.del(...keys.room(room)))),
    isEmpty: async () => (await raw.keys('skein:{room*')).length === 0,
    hosts: async (room) => {
      const hosts = await raw.hgetall(keyOf(room, 'hosts'));
      return Object.fromEntries(Object.entries(hosts).map(([nodeId, count]) => [nodeId, Number(count)]));
    },
    expireNode: async (nodeId) => void (await raw.zadd('skein:{nodes}:leases', 1, nodeId)),
    expireLeader: async () => {
      // As the store's clock says: the time of the next call is later.
      const [seconds] = await raw.time();
      await raw.hset(keys.reconciler, 'untilUs', String(Number(seconds) * 1e6 - 1));
    },
    corruptTracks: async (room) => {
      await raw.del(keyOf(room, 'tracks'));
      await raw.set(keyOf(room, 'tracks'), 'something else');
    },
    counters: async (room) => {
      const [hosts = {}, owned = {}, viewed = {}] = await Promise.all(
        ['hosts', 'owned', 'viewed'].map((part) => raw.hgetall(keyOf(room, part))),
      );
      return { hosts, owned, viewed };
    },
  };
}
