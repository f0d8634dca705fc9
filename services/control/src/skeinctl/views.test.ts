import type { Node, Room } from '@skein/rpc';
import { expect, it } from 'vitest';
import { formatNodes, formatRoom, formatRooms } from './views.ts';

const node: Node = {
  ...{
    nodeId: 'node-1',
    region: 'eu',
    state: 'ready',
    grpcAddress: 'media-1:7100',
    version: '0.1.0',
    workers: 2,
  },
  ...{ sessions: 12, packetsPerSecond: 4321.7, busiestWorkerCpu: 0.456, used: 0.5 },
  ...{ startedAtMs: Date.UTC(2026, 0, 2, 3, 4, 5), leaseAgeMs: 310 },
};

const room: Room = {
  room: 'lobby',
  version: 9,
  viewers: 0,
  participants: [
    {
      ...{ identity: 'ann', name: 'Änn 🎉', nodeId: 'node-1', sessionId: 'ses_1', epoch: 7, joinedAtMs: 0 },
      lost: false,
    },
    {
      ...{ identity: 'bob', name: 'Bob', nodeId: 'node-2', sessionId: 'ses_2', epoch: 8, joinedAtMs: 1000 },
      lost: true,
    },
  ],
  tracks: [
    {
      ...{ trackId: 'trk_1', identity: 'ann', nodeId: 'node-1', kind: 'audio', source: 'microphone' },
      ...{ mimeType: 'audio/opus', muted: true },
    },
  ],
  pipes: [
    {
      ...{ fromNodeId: 'node-1', fromRouterId: 'rtr_1', toNodeId: 'node-2', toRouterId: 'rtr_2' },
      ...{ tracksForward: ['trk_1'], tracksBackward: [] },
    },
  ],
  silentNodeIds: ['node-3'],
};

it('nodes are a table', () => {
  expect(formatNodes([node])).toMatchInlineSnapshot(`
    "NODE    STATE  REGION  GRPC          WORKERS  SESSIONS  PACKETS/S  BUSIEST CPU  USED  LEASE AGE  STARTED              VERSION
    node-1  ready  eu      media-1:7100        2        12       4322          46%   50%     310 ms  2026-01-02 03:04:05  0.1.0"
  `);
});

it('no nodes and no rooms are said in words', () => {
  expect(formatNodes([])).toBe('No media nodes.');
  expect(formatRooms([])).toBe('No rooms.');
});

it('rooms are a table', () => {
  expect(
    formatRooms([
      {
        ...{ room: 'lobby', version: 9, participants: 2, viewers: 500, tracks: 1 },
        nodeIds: ['node-1', 'node-2'],
      },
    ]),
  ).toMatchInlineSnapshot(`
    "ROOM   PARTICIPANTS  VIEWERS  TRACKS  VERSION  NODES
    lobby             2      500       1        9  node-1, node-2"
  `);
});

it('a room is a headline, its participants, tracks and pipes, and who did not answer', () => {
  expect(formatRoom(room)).toMatchInlineSnapshot(`
    "Room lobby, version 9: 2 participants, 1 track, 1 pipe

    PARTICIPANT  NAME   NODE    SESSION  EPOCH  JOINED               CONNECTION
    ann          Änn 🎉  node-1  ses_1        7  1970-01-01 00:00:00  connected
    bob          Bob    node-2  ses_2        8  1970-01-01 00:00:01  lost

    TRACK  PARTICIPANT  SOURCE      CODEC       NODE    MUTED
    trk_1  ann          microphone  audio/opus  node-1  yes

    PIPE FROM  ROUTER  TO      ROUTER  TRACKS THERE  TRACKS BACK
    node-1     rtr_1   node-2  rtr_2              1            0

    No answer from node-3: pipes between these are missing above."
  `);
});

it('viewers are counted in the headline', () => {
  expect(formatRoom({ ...room, viewers: 500 })).toContain(': 2 participants, 500 viewers, 1 track, 1 pipe\n');
});

it('a room without tracks and pipes shows no empty tables', () => {
  expect(formatRoom({ ...room, tracks: [], pipes: [], silentNodeIds: [] })).not.toMatch(/TRACK|PIPE|answer/);
});
