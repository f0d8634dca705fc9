import { startRedis } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { Redis } from 'ioredis';
import { afterEach, expect, it, vi } from 'vitest';
import { connectStore } from '../index.ts';

const connect = vi.spyOn(Redis.prototype, 'connect');
afterEach(() => void connect.mockClear());

/** The clients that were made since the test began. */
function clients(): Redis[] {
  return [...new Set(connect.mock.contexts)] as Redis[];
}

it('a client that gives up is restarted', async () => {
  await using server = await startRedis();
  const states: string[] = [];
  const onStatus = ({ state }: { state: string }): void => void states.push(state);
  const store = await connectStore({ url: server.url, clock: systemClock, onStatus });
  const [client] = clients();
  client?.disconnect(false);
  await vi.waitFor(() => expect(states).toEqual(['connected', 'disconnected', 'connected']));
  await store.nodes.list();
  await store.close();
});

it('a client of a store that was closed stays ended', async () => {
  await using server = await startRedis();
  const store = await connectStore({ url: server.url, clock: systemClock });
  const [client] = clients();
  await store.close();
  await vi.waitFor(() => expect(client?.status).toBe('end'));
  await systemClock.sleep(500);
  expect(client?.status).toBe('end');
});
