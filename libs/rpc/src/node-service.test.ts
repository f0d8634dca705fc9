import { SkeinError } from '@skein/protocol';
import { afterEach, expect, it, vi } from 'vitest';
import { createRpcClients } from './adapters/rpc-clients.ts';
import { createRpcServer } from './adapters/rpc-server.ts';
import type { RoomMedia } from './generated/skein/node/v1/RoomMedia.ts';
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
  const none = {
    getStatus: unused,
    getRoomMedia: unused,
    listRooms: unused,
    findSessions: unused,
    drain: unused,
    moveSessions: unused,
  };
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

it('a drain carries its deadline and returns the number of sessions', async () => {
  const drain = vi.fn<NodeServiceHandlers['drain']>(async () => ({ sessions: 3 }));
  const node = await nodeThat({ drain });
  expect(await node.drain({ deadlineMs: 600_000 })).toEqual({ sessions: 3 });
  expect(drain.mock.calls[0]?.[0]).toEqual({ deadlineMs: 600_000 });
});

it('moveSessions returns the number of sessions that it moves', async () => {
  const node = await nodeThat({ moveSessions: async ({ count }) => ({ moving: count - 1 }) });
  expect(await node.moveSessions({ count: 3 })).toEqual({ moving: 2 });
});

it.each([-1, MAX_DRAIN_MS + 1])('a drain within %d ms is rejected', async (deadlineMs) => {
  const refused = { code: 'INVALID_ARGUMENT', details: { field: 'request.deadlineMs' } };
  await expect((await nodeThat({})).drain({ deadlineMs })).rejects.toMatchObject(refused);
});

it.each([0, 1001])('moving %d sessions is rejected', async (count) => {
  const refused = { code: 'INVALID_ARGUMENT', details: { field: 'request.count' } };
  await expect((await nodeThat({})).moveSessions({ count })).rejects.toMatchObject(refused);
});

function crowd(people: number): RoomMedia {
  const trackIds = Array.from({ length: people * 2 }, (_, n) => `trk_${n}`.padEnd(64, 'x'));
  const subscriptions = trackIds.map((trackId, n) => ({
    ...{ subscriptionId: `sub_${n}`.padEnd(64, 'x'), trackId, paused: false },
  }));
  const sessions = Array.from({ length: people }, (_, n) => ({
    ...{ sessionId: `ses_${n}`, identity: 'ж'.repeat(128), epoch: 1, routerId: 'r' },
    ...{ trackIds: trackIds.slice(2 * n, 2 * n + 2), subscriptions },
  }));
  return { room: 'r', nodeId: 'n', version: 1, routerIds: ['r'], sessions, pipes: [] };
}

it('a report of some 25 MB, of a room with 300 participants, arrives whole', async () => {
  const media = crowd(300);
  const node = await nodeThat({ getRoomMedia: async () => media });
  const { sessions } = await node.getRoomMedia({ room: 'r' }, { deadlineMs: 20_000 });
  expect(sessions).toHaveLength(300);
  expect(sessions.at(-1)).toEqual(media.sessions.at(-1));
});

it('a list of 20 000 rooms with names of 128 Chinese characters arrives whole', async () => {
  const rooms = Array.from({ length: 20_000 }, (_, n) => String(n).padEnd(128, '室'));
  const node = await nodeThat({ listRooms: async () => ({ rooms }) });
  expect((await node.listRooms({}, { deadlineMs: 10_000 })).rooms).toEqual(rooms);
});

it('a slow report ends at its deadline, and a failing one with its error', async () => {
  const hanging = await nodeThat({ getRoomMedia: () => new Promise(() => {}) });
  await expect(hanging.getRoomMedia({ room: 'r' }, { deadlineMs: 100 })).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  const over = new AbortController();
  const asked = hanging.getRoomMedia({ room: 'r' }, { signal: over.signal });
  over.abort(new Error('not needed any more'));
  await expect(asked).rejects.toThrow('not needed any more');
  const failing = await nodeThat({
    getRoomMedia: () => Promise.reject(new SkeinError('ROOM_NOT_FOUND', 'not here')),
  });
  await expect(failing.getRoomMedia({ room: 'r' })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
});

it('a caller that leaves in the middle of a report ends it; the server keeps serving', async () => {
  const seen: AbortSignal[] = [];
  const node = await nodeThat({
    getRoomMedia: async (_, { signal }) => {
      seen.push(signal);
      return crowd(200);
    },
    findSessions: async ({ sessionIds }) => ({ sessionIds }),
  });
  const over = new AbortController();
  const asked = node.getRoomMedia({ room: 'r' }, { signal: over.signal });
  await vi.waitFor(() => expect(seen).toHaveLength(1));
  over.abort(new Error('gone'));
  await expect(asked).rejects.toThrow('gone');
  await vi.waitFor(() => expect(seen[0]?.aborted).toBe(true));
  expect(await node.findSessions({ sessionIds: ['a'] })).toEqual({ sessionIds: ['a'] });
});
