import { startRedis, type RedisServer } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { connectStore } from '../adapters/redis-store.ts';
import type { ClusterStore } from '../store/cluster-store.ts';

/** A store on a Redis of its own, empty before each test, and a client that looks past the store. */
export interface TestStore {
  readonly url: string;
  readonly store: ClusterStore;
  readonly raw: Redis;
}

/** Registers the hooks of the calling file. `onReady` is told before its first test. */
export function useStore(onReady: (test: TestStore) => void): void {
  let server: RedisServer;
  let test: TestStore;
  beforeAll(async () => {
    server = await startRedis();
    const store = await connectStore({ url: server.url, clock: systemClock, name: 'test' });
    test = { url: server.url, store, raw: new Redis(server.url) };
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
