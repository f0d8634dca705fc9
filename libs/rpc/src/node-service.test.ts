import { afterEach, expect, test, vi } from 'vitest';
import { createRpcClients } from './adapters/rpc-clients.ts';
import { createRpcServer } from './adapters/rpc-server.ts';
import {
  MAX_DRAIN_MS,
  nodeService,
  type NodeServiceClient,
  type NodeServiceHandlers,
} from './node-service.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function nodeThat(handlers: Partial<NodeServiceHandlers>): Promise<NodeServiceClient> {
  const unused = (): Promise<never> => Promise.reject(new Error('not part of this test'));
  const none = { getStatus: unused, getRoomMedia: unused, drain: unused, moveSessions: unused };
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  server.addService(nodeService, { ...none, ...handlers });
  const { port } = await server.listen();
  const clients = createRpcClients();
  cleanups.push(
    () => server.close({ deadlineMs: 0 }),
    () => clients.close(),
  );
  return clients.client(nodeService, `127.0.0.1:${port}`);
}

test('a drain carries its deadline, and how many sessions there were', async () => {
  const drain = vi.fn<NodeServiceHandlers['drain']>(async () => ({ sessions: 3 }));
  const node = await nodeThat({ drain });
  expect(await node.drain({ deadlineMs: 600_000 })).toEqual({ sessions: 3 });
  expect(drain.mock.calls[0]?.[0]).toEqual({ deadlineMs: 600_000 });
});

test('some sessions are moved, and the answer says how many', async () => {
  const node = await nodeThat({ moveSessions: async ({ count }) => ({ moving: count - 1 }) });
  expect(await node.moveSessions({ count: 3 })).toEqual({ moving: 2 });
});

test.each([-1, MAX_DRAIN_MS + 1])('a drain within %d ms is refused', async (deadlineMs) => {
  const refused = { code: 'INVALID_ARGUMENT', details: { field: 'request.deadlineMs' } };
  await expect((await nodeThat({})).drain({ deadlineMs })).rejects.toMatchObject(refused);
});

test.each([0, 1001])('moving %d sessions is refused', async (count) => {
  const refused = { code: 'INVALID_ARGUMENT', details: { field: 'request.count' } };
  await expect((await nodeThat({})).moveSessions({ count })).rejects.toMatchObject(refused);
});
