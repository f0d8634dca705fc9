import { connectStore } from '@skein/cluster';
import { startNats, startRedis, type NatsServer, type RedisServer } from '@skein/local-cluster';
import type { NodeRecord, Track } from '@skein/protocol';
import {
  controlService,
  createRpcClients,
  createRpcServer,
  nodeService,
  type ControlServiceClient,
  type PipeMedia,
} from '@skein/rpc';
import { ConfigError, systemClock } from '@skein/runtime';
import { silentLogger, type LogFields, type Logger } from '@skein/telemetry';
import { afterEach, expect, it, vi } from 'vitest';
import { startControl, type Control } from './control.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function redis(): Promise<RedisServer> {
  const server = await startRedis();
  cleanups.push(() => server[Symbol.asyncDispose]());
  return server;
}

async function nats(): Promise<NatsServer> {
  const server = await startNats();
  cleanups.push(() => server[Symbol.asyncDispose]());
  return server;
}

async function control(
  redisUrl: string,
  natsUrl: string,
  log: Logger = silentLogger,
): Promise<Control & { api: ControlServiceClient }> {
  const config = { redisUrl, natsUrl, logLevel: 'info' as const, grpcHost: '127.0.0.1', grpcPort: 0 };
  const started = await startControl({ config, log, clock: systemClock });
  const clients = createRpcClients();
  cleanups.push(
    () => started.stop('test ended'),
    () => clients.close(),
  );
  return { ...started, api: clients.client(controlService, `127.0.0.1:${started.grpcPort}`) };
}

const unused = (): Promise<never> => Promise.reject(new Error('not asked'));

/** A gRPC server that answers as a media node that holds these pipes. */
async function mediaNode(nodeId: string, pipes: readonly PipeMedia[]): Promise<NodeRecord> {
  const server = createRpcServer({ host: '127.0.0.1', port: 0 });
  server.addService(nodeService, {
    ...{ getStatus: unused, listRooms: unused, findSessions: unused, drain: unused, moveSessions: unused },
    getRoomMedia: async ({ room }) => ({
      room,
      nodeId,
      version: 1,
      routerIds: [],
      sessions: [],
      pipes: [...pipes],
    }),
  });
  const { port } = await server.listen();
  cleanups.push(() => server.close({ deadlineMs: 0 }));
  return {
    ...{
      nodeId,
      region: 'eu',
      state: 'ready',
      grpcAddress: `127.0.0.1:${port}`,
      workers: 2,
      version: '0.1.0',
    },
    ...{ startedAtMs: 1, beat: 1, load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 1, used: 0 } },
  };
}

function microphone(identity: string, epoch: number, nodeId: string): Track {
  return {
    ...{ trackId: `trk_${identity}`, identity, epoch, nodeId, routerId: `rtr_${nodeId}`, kind: 'audio' },
    ...{ source: 'microphone', muted: false, mimeType: 'audio/opus', spatialLayers: 1, temporalLayers: 1 },
  };
}

function pipe(from: string, to: string, tracks: { tracksIn: string[]; tracksOut: string[] }): PipeMedia {
  return { kind: 'NODE', localRouterId: `rtr_${from}`, peerNodeId: to, peerRouterId: `rtr_${to}`, ...tracks };
}

it('shows nodes and rooms from Redis, and the pipes that the nodes hold', async () => {
  const { url } = await redis();
  const store = await connectStore({ url, clock: systemClock });
  cleanups.push(() => store.close());
  const records = await Promise.all([
    mediaNode('node-a', [pipe('node-a', 'node-b', { tracksIn: [], tracksOut: ['trk_ann'] })]),
    mediaNode('node-b', [pipe('node-b', 'node-a', { tracksIn: ['trk_ann'], tracksOut: [] })]),
  ]);
  for (const record of records) await store.nodes.renew(record, { fence: undefined, ttlMs: 10_000 });
  for (const [identity, nodeId] of [
    ['ann', 'node-a'],
    ['bob', 'node-b'],
  ] as const) {
    const candidates = { fallbackNodeId: nodeId, openNodeIds: [nodeId], preferredNodeId: nodeId };
    const session = {
      room: 'lobby',
      identity,
      name: identity,
      sessionId: `ses_${identity}`,
      maxParticipants: 10,
    };
    const { participant } = await store.rooms.place({ ...session, candidates });
    if (identity !== 'ann') continue;
    await store.rooms.publishTrack(
      'lobby',
      `ses_${identity}`,
      microphone(identity, participant.epoch, nodeId),
    );
  }

  const { api, ready } = await control(url, (await nats()).url);
  await ready;
  const { nodes } = await api.listNodes({});
  expect(nodes.map(({ nodeId, state }) => [nodeId, state])).toEqual([
    ['node-a', 'ready'],
    ['node-b', 'ready'],
  ]);
  const version = (await store.rooms.snapshot('lobby'))?.version;
  const { rooms } = await api.listRooms({ pageSize: 0, pageToken: '' });
  expect(rooms).toEqual([
    { room: 'lobby', version, participants: 2, tracks: 1, nodeIds: ['node-a', 'node-b'], viewers: 0 },
  ]);
  const room = await api.getRoom({ room: 'lobby' });
  expect(room.participants.map(({ identity, nodeId }) => `${identity}@${nodeId}`).sort()).toEqual([
    'ann@node-a',
    'bob@node-b',
  ]);
  expect(room.pipes).toEqual([
    {
      ...{ fromNodeId: 'node-a', fromRouterId: 'rtr_node-a', toNodeId: 'node-b', toRouterId: 'rtr_node-b' },
      ...{ tracksForward: ['trk_ann'], tracksBackward: [] },
    },
  ]);
  expect(room.silentNodeIds).toEqual([]);
});

it('without Redis it lives, answers UNAVAILABLE, and becomes ready when Redis comes', async () => {
  const server = await redis();
  await server.stop();
  const events: LogFields[] = [];
  const { api, ready } = await control(server.url, (await nats()).url, {
    ...silentLogger,
    info: (fields) => events.push(fields),
  });
  await expect(api.listNodes({})).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 1000 });
  expect(events.filter(({ event }) => event === 'ready')).toEqual([]);
  await server.start();
  await ready;
  expect(events).toContainEqual(
    expect.objectContaining({ event: 'ready', grpcPort: expect.any(Number) as number }),
  );
  expect(await api.listNodes({})).toEqual({ nodes: [] });
});

it('an outage of Redis makes it UNAVAILABLE, and it serves again afterwards', async () => {
  const server = await redis();
  const { api, ready } = await control(server.url, (await nats()).url);
  await ready;
  await server.kill();
  await expect(api.listNodes({})).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await server.start();
  await vi.waitFor(async () => expect(await api.listNodes({})).toEqual({ nodes: [] }), { timeout: 10_000 });
});

it('without NATS it answers what Redis knows, and becomes ready when NATS comes', async () => {
  const { url } = await redis();
  const bus = await nats();
  await bus.stop();
  const events: LogFields[] = [];
  const { api, ready } = await control(url, bus.url, {
    ...silentLogger,
    info: (fields) => events.push(fields),
  });
  await vi.waitFor(async () => expect(await api.listNodes({})).toEqual({ nodes: [] }));
  expect(events.filter(({ event }) => event === 'ready')).toEqual([]);
  await bus.start();
  await ready;
  expect(await api.listNodes({})).toEqual({ nodes: [] });
});

it('stops while it still waits for Redis', async () => {
  const server = await redis();
  await server.stop();
  const waiting = await control(server.url, (await nats()).url);
  await waiting.stop('test');
  await expect(waiting.ready).rejects.toThrow('control stops');
});

it('ends with what to set when NATS takes too little', async () => {
  const server = await startNats({ maxPayloadBytes: 64 * 1024 });
  cleanups.push(() => server[Symbol.asyncDispose]());
  const { ended, ready } = await control((await redis()).url, server.url);
  await expect(ended).rejects.toThrow(/^SKEIN_NATS_URL cannot work: .* max_payload to 262144 or more$/);
  await expect(ready).rejects.toBeInstanceOf(ConfigError);
});
