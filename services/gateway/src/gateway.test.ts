import {
  type ClientResponse,
  closeCodes,
  limits,
  PROTOCOL_VERSION,
  type RoomChange,
  routerRtpCapabilities,
} from '@skein/protocol';
import { freePort, startNats, startRedis } from '@skein/local-cluster';
import { type Logger, silentLogger } from '@skein/telemetry';
import { eventually, type SignalClient } from '@skein/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Gateway } from './gateway.ts';
import { connect, LiveCluster } from './testing/live-cluster.ts';
import { RawClient } from './testing/raw-client.ts';

let cluster: LiveCluster;
let one: Gateway;
let two: Gateway;
let rooms = 0;

beforeAll(async () => {
  cluster = await LiveCluster.start(['node-1', 'node-2']);
  one = await cluster.gateway();
  two = await cluster.gateway();
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

function newRoom(): string {
  return `room ${++rooms}`;
}

function joinRequest(room: string, identity: string): string {
  const data = {
    room,
    identity,
    name: identity,
    protocolVersion: PROTOCOL_VERSION,
    rtpCapabilities: routerRtpCapabilities,
  };
  return JSON.stringify({ id: 'join', method: 'join', data });
}

function versionsOf({ events }: SignalClient): number[] {
  return events.flatMap(({ event, version }) => (event === 'roomChanged' ? (version ?? 0) : []));
}

describe('two clients of one room on two gateways', () => {
  it('clients of one room on two gateways see each other and every change in order', async () => {
    const room = newRoom();
    await using ada = await connect(one);
    await using bob = await connect(two);
    const { room: first } = await ada.join(room, 'ada');
    const { room: second } = await bob.join(room, 'bob');
    expect(first.participants.map(({ identity }) => identity)).toEqual(['ada']);
    expect(second.participants.map(({ identity }) => identity).toSorted()).toEqual(['ada', 'bob']);
    for (let round = 0; round < 20; round++) {
      await using guest = await connect(round % 2 === 0 ? one : two);
      await guest.join(room, 'guest');
      await guest.request('leave', {});
    }
    const lastVersion = first.version + 1 + 40;
    for (const client of [ada, bob]) {
      await eventually('the last change', () => versionsOf(client).at(-1) === lastVersion);
      const seen = versionsOf(client).filter((version) => version > second.version);
      expect(seen).toEqual(Array.from({ length: 40 }, (_, at) => second.version + 1 + at));
    }
  });

  it('a later join on another gateway takes over the identity', async () => {
    const room = newRoom();
    await using earlier = await connect(one);
    await using later = await connect(two);
    const { nodeId, sessionId } = await earlier.join(room, 'ada');
    await later.join(room, 'ada');
    expect(await earlier.event('sessionClosed')).toEqual({ reason: 'superseded' });
    await expect(earlier.request('restartIce', { direction: 'send' })).rejects.toMatchObject({
      code: 'STALE_EPOCH',
    });
    await eventually('the node to be told', () =>
      cluster
        .node(nodeId)
        .requests('close')
        .some((request) => request.sessionId === sessionId),
    );
    expect(earlier.closed).toBeUndefined();
  });
});

describe('bad input', () => {
  const cases: readonly (readonly [string, string | Uint8Array<ArrayBuffer>, string])[] = [
    ['not JSON', 'hello', 'INVALID_MESSAGE'],
    ['binary', new Uint8Array([1, 2, 3]), 'INVALID_MESSAGE'],
    ['a message over 64 KiB', 'x'.repeat(limits.messageBytes + 1), 'MESSAGE_TOO_LARGE'],
    ['deep nesting', '['.repeat(30_000), 'INVALID_MESSAGE'],
    ['no id', '{"method":"ping"}', 'INVALID_MESSAGE'],
  ];
  it.each(cases)('%s gets a typed error and keeps its connection', async (_, message, code) => {
    await using client = await connect(one);
    client.sendRaw(message);
    await eventually('the error', () => client.unaddressed[0]?.code === code);
    await client.join(newRoom(), 'ada');
    await client.request('ping', {});
  });

  it('bad input of every method gets a typed error that names the field', async () => {
    await using client = await connect(one);
    await client.join(newRoom(), 'ada');
    const wrong: readonly (readonly [string, unknown, string])[] = [
      ['connectTransport', { direction: 'up', dtlsParameters: {} }, 'data.direction'],
      ['restartIce', {}, 'data.direction'],
      ['publish', { trackId: 'a b' }, 'data.trackId'],
      ['unpublish', { trackId: 7 }, 'data.trackId'],
      ['setTrackMuted', { trackId: 't', muted: 'yes' }, 'data.muted'],
      [
        'subscribe',
        { trackId: 't', preferredLayers: { spatialLayer: 9 } },
        'data.preferredLayers.spatialLayer',
      ],
      ['updateSubscriptions', { updates: [] }, 'data.updates'],
      ['unsubscribe', {}, 'data.subscriptionId'],
      ['sync', { version: -1 }, 'data.version'],
    ];
    for (const [method, data, field] of wrong) {
      await expect(client.requestRaw(method, data)).rejects.toMatchObject({
        code: 'INVALID_ARGUMENT',
        details: { field },
      });
    }
    await expect(client.requestRaw('dance', {})).rejects.toMatchObject({ code: 'UNKNOWN_METHOD' });
    await expect(client.join(newRoom(), 'eve')).rejects.toMatchObject({ code: 'ALREADY_JOINED' });
    await client.request('ping', {});
  });

  it('an early request gets NOT_JOINED, another protocol version UNSUPPORTED_PROTOCOL', async () => {
    await using client = await connect(one);
    await expect(client.request('ping', {})).rejects.toMatchObject({ code: 'NOT_JOINED' });
    await expect(client.join(newRoom(), 'ada', { protocolVersion: 2 })).rejects.toMatchObject({
      code: 'UNSUPPORTED_PROTOCOL',
    });
    await client.join(newRoom(), 'ada');
  });

  it('a message of more than 1 MiB closes its own connection only', async () => {
    await using other = await connect(one);
    const client = await connect(one);
    client.sendRaw('x'.repeat(1024 * 1024 + 1));
    await eventually('the close', () => client.closed);
    await other.join(newRoom(), 'ada');
  });
});

it('a client that sends nothing is disconnected at the join deadline', async () => {
  const impatient = await cluster.gateway({ joinDeadlineMs: 100 });
  const client = await connect(impatient);
  const closed = await eventually('the close', () => client.closed);
  expect(closed.code).toBe(closeCodes.joinTimeout);
  expect(await client.event('error')).toMatchObject({ code: 'JOIN_TIMEOUT' });
});

it('a slow reader is closed and the others in its room are served', async () => {
  const room = newRoom();
  const gateway = await cluster.gateway({ maxBackpressureBytes: 64 * 1024 });
  await using other = await connect(gateway);
  await other.join(room, 'bob', { metadata: 'm'.repeat(limits.metadataLength) });
  using slow = await RawClient.open(gateway.httpPort, '/v1/signal');
  slow.send(joinRequest(room, 'slow'));
  await eventually('the join', () => slow.received.includes('"id":"join"'));
  slow.stopReading();
  const opens = cluster.nodes.flatMap((node) => node.requests('open'));
  const { sessionId } = opens.find(({ data }) => (data as { identity: string }).identity === 'slow')!;
  const event = 'subscriptionClosed' as const;
  const data = { subscriptionId: 's', trackId: 't', reason: 'x'.repeat(60_000) };
  await eventually(
    'the slow one to be given up',
    () => {
      cluster.node('node-1').publish(sessionId, { event, data });
      return cluster.nodes.some((node) =>
        node.requests('detach').some((request) => request.sessionId === sessionId),
      );
    },
    { everyMs: 1 },
  );
  await other.request('ping', {});
  slow.readAgain();
  await eventually('the close frame', () => slow.closeCode === closeCodes.slowConsumer);
});

it('a connection above the limit gets a typed 503 until another one has closed', async () => {
  const full = await cluster.gateway({}, { SKEIN_GATEWAY_MAX_CONNECTIONS: '2' });
  using first = await RawClient.open(full.httpPort, '/v1/signal');
  using _second = await RawClient.open(full.httpPort, '/v1/signal');
  await eventually('both sockets', () => full.sockets === 2);
  using refused = await RawClient.open(full.httpPort, '/v1/signal');
  const response = await eventually('the whole response', () => {
    const text = refused.received.toString();
    return text.endsWith('}\n') ? text : undefined;
  });
  expect(response).toMatch(/^HTTP\/1\.1 503 /);
  expect(response).toMatch(/retry-after: 2/i);
  expect(response).toContain('"code":"LIMIT_EXCEEDED"');
  expect(full.sockets).toBe(2);
  first[Symbol.dispose]();
  await eventually('the first to be gone', () => full.sockets === 1);
  using third = await RawClient.open(full.httpPort, '/v1/signal');
  expect(third.received.toString()).toMatch(/^HTTP\/1\.1 101 /);
  await eventually('the third socket', () => full.sockets === 2);
});

it('the HTTP server answers with the page, health and typed errors', async () => {
  const base = `http://127.0.0.1:${one.httpPort}`;
  const page = await fetch(`${base}/room/daily`);
  expect(page.status).toBe(200);
  expect(await page.text()).toContain('Skein');
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const again = await fetch(base, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } });
  expect(again.status).toBe(304);
  const head = await fetch(base, { method: 'HEAD' });
  expect(head.headers.get('content-length')).toBe(String('<!doctype html><title>Skein</title>'.length));
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ ready: true, missing: [] });
  expect((await fetch(`${base}/nothing`)).status).toBe(404);
  expect((await fetch(base, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(405);
});

it('a client resumes at another gateway and nobody sees it leave', async () => {
  const room = newRoom();
  await using watcher = await connect(two);
  await watcher.join(room, 'watcher');
  using lost = await RawClient.open(one.httpPort, '/v1/signal');
  lost.send(joinRequest(room, 'ada'));
  const joined = await eventually('the join', () => lost.answer<ClientResponse<'join'>>('join'));
  lost[Symbol.dispose]();
  const node = cluster.node(joined.nodeId);
  await eventually('the node to be told', () =>
    node.requests('detach').some(({ sessionId }) => sessionId === joined.sessionId),
  );
  await using again = await connect(two);
  const { identity, sessionId, epoch, nodeId, resumeToken } = joined;
  const { version } = joined.room;
  const { protocolVersion, rtpCapabilities } = {
    protocolVersion: PROTOCOL_VERSION,
    rtpCapabilities: routerRtpCapabilities,
  };
  const own = { identity, sessionId, epoch, nodeId, resumeToken, version };
  const fields = { room, name: 'ada', protocolVersion, rtpCapabilities };
  const resumed = await again.request('resume', { ...fields, ...own });
  expect(resumed.state).toEqual({ changes: [] });
  await again.request('restartIce', { direction: 'send' });
  expect(node.requests('restartIce').at(-1)).toMatchObject({ sessionId });
  await again.request('leave', {});
  const left = await watcher.event('roomChanged', ({ type }) => type === 'participantLeft');
  expect(left).toMatchObject({ identity: 'ada', reason: 'left' });
  const kinds = watcher.events
    .filter(({ event }) => event === 'roomChanged')
    .map(({ data }) => (data as RoomChange).type);
  expect(kinds).toEqual(['participantJoined', 'participantLeft']);
});

it('a stopping gateway asks its clients to move and keeps their sessions', async () => {
  const room = newRoom();
  const gateway = await cluster.gateway();
  const clients = [await connect(gateway), await connect(gateway)];
  await using watcher = await connect(one);
  await watcher.join(room, 'watcher');
  for (const [at, client] of clients.entries()) await client.join(room, `client ${at}`);
  await cluster.stop(gateway);
  for (const client of clients) {
    const closed = await eventually('the close', () => client.closed);
    expect(closed.code).toBe(closeCodes.goingAway);
    expect(await client.event('moveOver')).toEqual({ withinMs: expect.any(Number) });
  }
  const detached = cluster.nodes.flatMap((node) => node.requests('detach'));
  expect(detached.filter((request) => request.room === room)).toHaveLength(2);
  const left = watcher.events.filter(({ data }) => (data as { type?: string }).type === 'participantLeft');
  expect(left).toHaveLength(0);
});

it('a gateway without NATS and Redis is alive, and ready once both are up', async () => {
  const [natsPort, redisPort] = [await freePort(), await freePort()];
  const lines: unknown[] = [];
  const keep = (fields: object, message: string): void => void lines.push({ ...fields, message });
  const log: Logger = { ...silentLogger, info: keep, warn: keep, child: () => log };
  const gateway = await cluster.gateway(
    { log },
    { SKEIN_NATS_URL: `nats://127.0.0.1:${natsPort}`, SKEIN_REDIS_URL: `redis://127.0.0.1:${redisPort}` },
  );
  const base = `http://127.0.0.1:${gateway.httpPort}`;
  expect((await fetch(`${base}/healthz`)).status).toBe(200);
  const ready = await fetch(`${base}/readyz`);
  expect(ready.status).toBe(503);
  expect(await ready.json()).toEqual({ ready: false, missing: ['nats', 'redis', 'media-nodes'] });
  await using client = await connect(gateway);
  await expect(client.join(newRoom(), 'ada')).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    retryAfterMs: expect.any(Number),
  });
  await eventually('word of both', () =>
    /NATS.*Redis|Redis.*NATS/.test(lines.map((line) => JSON.stringify(line)).join()),
  );
  await using _nats = await startNats({ port: natsPort });
  await using _redis = await startRedis({ port: redisPort });
  expect(await gateway.connected).toBe(true);
  await expect(client.join(newRoom(), 'ada')).rejects.toMatchObject({ code: 'NO_NODE_AVAILABLE' });
  expect(await (await fetch(`${base}/readyz`)).json()).toEqual({ ready: false, missing: ['media-nodes'] });
  await cluster.stop(gateway);
});
