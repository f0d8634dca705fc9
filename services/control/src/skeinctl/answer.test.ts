import { SkeinError } from '@skein/protocol';
import type { ControlServiceClient, RoomSummary } from '@skein/rpc';
import { expect, test } from 'vitest';
import { answer } from './answer.ts';

function summary(room: string): RoomSummary {
  return { room, version: 1, participants: 1, tracks: 0, nodeIds: ['node-a'], viewers: 0 };
}

const pages: Record<string, { rooms: RoomSummary[]; nextPageToken: string }> = {
  '': { rooms: [summary('a'), summary('b')], nextPageToken: 'second' },
  second: { rooms: [summary('c')], nextPageToken: '' },
};

const control: ControlServiceClient = {
  listNodes: async () => ({ nodes: [] }),
  listRooms: async ({ pageToken }) => pages[pageToken] ?? { rooms: [], nextPageToken: '' },
  drainNode: async () => ({ sessions: 3 }),
  rebalance: async () => ({ nodes: [{ nodeId: 'node-a', moving: 12 }] }),
  getRoom: () => Promise.reject(new SkeinError('ROOM_NOT_FOUND', 'there is no such room')),
};

test('rooms of all pages are shown', async () => {
  const text = await answer(control, { about: 'rooms' }, false);
  expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual(['ROOM', 'a', 'b', 'c']);
});

test('--json is one document with the names of the API', async () => {
  const nodes = JSON.parse(await answer(control, { about: 'nodes' }, true)) as unknown;
  const rooms = JSON.parse(await answer(control, { about: 'rooms' }, true)) as unknown;
  expect(nodes).toEqual({ nodes: [] });
  expect(rooms).toEqual({ rooms: [summary('a'), summary('b'), summary('c')] });
});

test('a drain and a rebalance say what moves', async () => {
  const drain = { about: 'drain', nodeId: 'node-a', deadlineMs: 0 } as const;
  expect(await answer(control, drain, false)).toBe(
    'node-a drains: 3 sessions to move. It ends by itself when it is empty.',
  );
  expect(JSON.parse(await answer(control, drain, true))).toEqual({ sessions: 3 });
  const rebalance = { about: 'rebalance' } as const;
  expect(await answer(control, rebalance, false)).toBe(['NODE    MOVING', 'node-a      12'].join('\n'));
  expect(JSON.parse(await answer(control, rebalance, true))).toEqual({
    nodes: [{ nodeId: 'node-a', moving: 12 }],
  });
});

test("control's error is passed on", async () => {
  const asked = answer(control, { about: 'room', room: 'lobby' }, false);
  await expect(asked).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
});
