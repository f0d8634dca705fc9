import type { RegisteredNode } from '@skein/cluster';
import {
  SkeinError,
  type NodeRecord,
  type Participant,
  type RoomSnapshot,
  type Track,
} from '@skein/protocol';
import {
  controlService,
  createRpcClients,
  createRpcServer,
  nodeService,
  type ControlServiceClient,
  type NodeServiceHandlers,
  type RoomMedia,
} from '@skein/rpc';
import { silentLogger } from '@skein/telemetry';
import { afterEach, describe, expect, it } from 'vitest';
import { createControlHandlers, type ControlStore } from './handlers.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

function member(identity: string, nodeId: string): Participant {
  return { identity, name: identity, nodeId, sessionId: `ses_${identity}`, epoch: 5, joinedAtMs: 1000 };
}

function microphone(identity: string, nodeId: string): Track {
  return {
    ...{
      trackId: `trk_${identity}`,
      identity,
      epoch: 5,
      nodeId,
      routerId: `rtr_${nodeId}`,
      kind: 'audio' as const,
    },
    ...{
      source: 'microphone' as const,
      muted: false,
      mimeType: 'audio/opus',
      spatialLayers: 1,
      temporalLayers: 1,
    },
  };
}

function room(name: string, members: readonly Participant[], tracks: readonly Track[] = []): RoomSnapshot {
  return { room: name, version: 3, participants: [...members], tracks: [...tracks] };
}

function registered(nodeId: string, grpcAddress: string, { sessions = 2, used = 0.1 } = {}): RegisteredNode {
  const load = { packetsPerSecond: 1200.5, busiestWorkerCpu: 0.25, sessions, used };
  const record: NodeRecord = {
    ...{ nodeId, region: 'eu', state: 'ready', grpcAddress, workers: 2, version: '0.1.0' },
    ...{ startedAtMs: 500, beat: 9, load },
  };
  return { record, fence: 1, leaseAgeMs: 250 };
}

function storeOf(rooms: readonly RoomSnapshot[], nodes: readonly RegisteredNode[] = []): ControlStore {
  const byName = new Map(rooms.map((one) => [one.room, one]));
  return {
    rooms: {
      snapshot: async (name) => byName.get(name),
      listRooms: async ({ pageSize, after = '' }) =>
        [...byName.keys()]
          .sort()
          .filter((name) => name > after)
          .slice(0, pageSize),
    },
    nodes: { list: async () => nodes },
  };
}

const unused = (): Promise<never> => Promise.reject(new Error('not asked'));

/** A real gRPC server that answers as a media node would. */
async function startNode(handlers: Partial<NodeServiceHandlers>): Promise<string> {
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  const none = {
    getStatus: unused,
    getRoomMedia: unused,
    listRooms: unused,
    findSessions: unused,
    drain: unused,
    moveSessions: unused,
  };
  server.addService(nodeService, { ...none, ...handlers });
  const { port } = await server.listen();
  cleanups.push(() => server.close({ deadlineMs: 0 }));
  return `127.0.0.1:${port}`;
}

async function startApi(store: () => ControlStore): Promise<ControlServiceClient> {
  const clients = createRpcClients();
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  const askNode = (address: string, name: string): Promise<RoomMedia> =>
    clients.client(nodeService, address).getRoomMedia({ room: name }, { deadlineMs: 200 });
  const nodeAt = (address: string) => clients.client(nodeService, address);
  server.addService(controlService, createControlHandlers({ store, askNode, nodeAt, log: silentLogger }));
  const { port } = await server.listen();
  cleanups.push(
    () => server.close({ deadlineMs: 0 }),
    () => clients.close(),
  );
  return clients.client(controlService, `127.0.0.1:${port}`);
}

function mediaOf(nodeId: string, pipes: RoomMedia['pipes']): RoomMedia {
  return { room: 'lobby', nodeId, version: 3, routerIds: [`rtr_${nodeId}`], sessions: [], pipes };
}

describe('ListNodes', () => {
  it('shows every node with a lease, sorted by id', async () => {
    const api = await startApi(() => storeOf([], [registered('node-b', 'h:2'), registered('node-a', 'h:1')]));
    const { nodes } = await api.listNodes({});
    expect(nodes).toEqual([
      {
        ...{
          nodeId: 'node-a',
          region: 'eu',
          state: 'ready',
          grpcAddress: 'h:1',
          version: '0.1.0',
          workers: 2,
        },
        ...{ sessions: 2, packetsPerSecond: 1200.5, busiestWorkerCpu: 0.25, used: 0.1 },
        ...{ startedAtMs: 500, leaseAgeMs: 250 },
      },
      expect.objectContaining({ nodeId: 'node-b' }),
    ]);
  });
});

describe('ListRooms', () => {
  const rooms = ['c', 'a', 'b'].map((name) =>
    room(name, [member('ann', 'node-a')], [microphone('ann', 'node-a')]),
  );

  it('shows all rooms on one page when they fit', async () => {
    const api = await startApi(() => storeOf(rooms));
    const page = await api.listRooms({ pageSize: 0, pageToken: '' });
    expect(page.nextPageToken).toBe('');
    expect(page.rooms.map((one) => one.room)).toEqual(['a', 'b', 'c']);
    const summary = { room: 'a', version: 3, participants: 1, tracks: 1, nodeIds: ['node-a'] };
    expect(page.rooms[0]).toEqual({ ...summary, viewers: 0 });
  });

  it('goes through the pages by their tokens', async () => {
    const api = await startApi(() => storeOf(rooms));
    const first = await api.listRooms({ pageSize: 2, pageToken: '' });
    const second = await api.listRooms({ pageSize: 2, pageToken: first.nextPageToken });
    expect([first, second].map((page) => page.rooms.map((one) => one.room))).toEqual([['a', 'b'], ['c']]);
    expect(second.nextPageToken).toBe('');
  });

  it.each([
    [{ pageSize: 1001, pageToken: '' }, 'request.pageSize'],
    [{ pageSize: 0, pageToken: '%%' }, 'request.pageToken'],
  ])('refuses %j, naming the field', async (request, field) => {
    const api = await startApi(() => storeOf(rooms));
    await expect(api.listRooms(request)).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { field },
    });
  });
});

describe('GetRoom', () => {
  it('joins the state of the store with the pipes that its nodes hold', async () => {
    const [a, b] = await Promise.all([
      startNode({
        getRoomMedia: async () =>
          mediaOf('node-a', [
            {
              ...{
                kind: 'NODE',
                localRouterId: 'rtr_node-a',
                peerNodeId: 'node-b',
                peerRouterId: 'rtr_node-b',
              },
              ...{ tracksIn: ['trk_bob'], tracksOut: ['trk_ann'] },
            },
          ]),
      }),
      startNode({
        getRoomMedia: async () =>
          mediaOf('node-b', [
            {
              ...{
                kind: 'NODE',
                localRouterId: 'rtr_node-b',
                peerNodeId: 'node-a',
                peerRouterId: 'rtr_node-a',
              },
              ...{ tracksIn: ['trk_ann'], tracksOut: ['trk_bob'] },
            },
          ]),
      }),
    ]);
    const members = [member('ann', 'node-a'), member('bob', 'node-b')];
    const tracks = [microphone('ann', 'node-a'), microphone('bob', 'node-b')];
    const nodes = [registered('node-a', a), registered('node-b', b)];
    const api = await startApi(() => storeOf([room('lobby', members, tracks)], nodes));
    expect(await api.getRoom({ room: 'lobby' })).toEqual({
      room: 'lobby',
      version: 3,
      participants: members.map((one) => ({ ...one, lost: false })),
      tracks: tracks.map(
        ({ epoch: _1, routerId: _2, spatialLayers: _3, temporalLayers: _4, ...shown }) => shown,
      ),
      pipes: [
        {
          ...{
            fromNodeId: 'node-a',
            fromRouterId: 'rtr_node-a',
            toNodeId: 'node-b',
            toRouterId: 'rtr_node-b',
          },
          ...{ tracksForward: ['trk_ann'], tracksBackward: ['trk_bob'] },
        },
      ],
      silentNodeIds: [],
      viewers: 0,
    });
  });

  it('names the nodes that hang, that are down, and that have no lease any more', async () => {
    const hanging = await startNode({ getRoomMedia: () => new Promise(() => {}) });
    const down = createRpcServer({ host: '127.0.0.1', port: 0 });
    const { port } = await down.listen();
    await down.close();
    const members = ['node-a', 'node-b', 'node-c'].map((nodeId) => member(`in-${nodeId}`, nodeId));
    const nodes = [registered('node-a', hanging), registered('node-b', `127.0.0.1:${port}`)];
    const api = await startApi(() => storeOf([room('lobby', members)], nodes));
    const { silentNodeIds } = await api.getRoom({ room: 'lobby' });
    expect(silentNodeIds).toEqual(['node-a', 'node-b', 'node-c']);
  });

  it('does not call a node silent that answers that it holds nothing', async () => {
    const empty = await startNode({
      getRoomMedia: () => Promise.reject(new SkeinError('ROOM_NOT_FOUND', 'not here')),
    });
    const api = await startApi(() =>
      storeOf([room('lobby', [member('ann', 'node-a')])], [registered('node-a', empty)]),
    );
    expect(await api.getRoom({ room: 'lobby' })).toMatchObject({ pipes: [], silentNodeIds: [] });
  });

  it('answers ROOM_NOT_FOUND when there is none', async () => {
    const api = await startApi(() => storeOf([]));
    await expect(api.getRoom({ room: 'lobby' })).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
  });

  it.each(['', 'a\u0007b', 'x'.repeat(129)])('refuses the room name %j, naming the field', async (name) => {
    const api = await startApi(() => storeOf([]));
    const refused = { code: 'INVALID_ARGUMENT', details: { field: 'request.room' } };
    await expect(api.getRoom({ room: name })).rejects.toMatchObject(refused);
  });
});

describe('DrainNode', () => {
  it('asks the node, and answers with what it had', async () => {
    const drained: number[] = [];
    const address = await startNode({
      drain: async ({ deadlineMs }) => {
        drained.push(deadlineMs);
        return { sessions: 7 };
      },
    });
    const api = await startApi(() => storeOf([], [registered('node-a', address)]));
    expect(await api.drainNode({ nodeId: 'node-a', deadlineMs: 60_000 })).toEqual({ sessions: 7 });
    expect(drained).toEqual([60_000]);
  });

  it('answers NODE_NOT_FOUND when there is none of that id', async () => {
    const api = await startApi(() => storeOf([], [registered('node-a', 'h:1')]));
    const asked = api.drainNode({ nodeId: 'node-b', deadlineMs: 0 });
    await expect(asked).rejects.toMatchObject({ code: 'NODE_NOT_FOUND', details: { nodeId: 'node-b' } });
  });
});

describe('Rebalance', () => {
  it('asks the nodes above their share, and leaves out a silent one', async () => {
    const crowded = await startNode({ moveSessions: async ({ count }) => ({ moving: count - 1 }) });
    const failing = await startNode({
      moveSessions: () => Promise.reject(new SkeinError('UNAVAILABLE', 'no')),
    });
    const nodes = [
      registered('node-a', crowded, { sessions: 40, used: 0.4 }),
      registered('node-b', failing, { sessions: 40, used: 0.4 }),
      registered('node-c', 'h:1', { sessions: 10, used: 0.1 }),
    ];
    const api = await startApi(() => storeOf([], nodes));
    expect(await api.rebalance({})).toEqual({ nodes: [{ nodeId: 'node-a', moving: 9 }] });
  });

  it('moves nothing when every node has its share', async () => {
    const nodes = [registered('node-a', 'h:1'), registered('node-b', 'h:2')];
    const api = await startApi(() => storeOf([], nodes));
    expect(await api.rebalance({})).toEqual({ nodes: [] });
  });
});

it('answers UNAVAILABLE with a retry time while there is no store', async () => {
  const api = await startApi(() => {
    throw SkeinError.unavailable('the room store');
  });
  await expect(api.listNodes({})).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
});
