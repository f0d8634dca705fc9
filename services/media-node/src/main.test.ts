import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { connectBus } from '@skein/bus';
import {
  connectStore,
  openNodeDirectory,
  publishChanges,
  type Placed,
  type PlaceRequest,
} from '@skein/cluster';
import { freePort, startNats, startRedis } from '@skein/local-cluster';
import { grantsOfRole, SkeinError, subjects } from '@skein/protocol';
import { createRpcClients, nodeService } from '@skein/rpc';
import { systemClock, systemIds, systemRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { anyOpening } from './testing/rtp-parameters.ts';

interface Started {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  readonly errors: string[];
  readonly exit: Promise<number | null>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

/** The service as its own process, as it was built. */
function start(env: Record<string, string>): Started {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { PATH, MEDIASOUP_WORKER_BIN } = process.env;
  const inherited = { ...(PATH && { PATH }), ...(MEDIASOUP_WORKER_BIN && { MEDIASOUP_WORKER_BIN }) };
  const child = spawn(process.execPath, [main], {
    env: { ...inherited, SKEIN_NODE_WORKERS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    lines.push(JSON.parse(line) as Record<string, unknown>),
  );
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  return { child, lines, errors, exit: new Promise((resolve) => child.on('close', resolve)) };
}

/** Stores for two processes with one node id, and a gateway's view of that node. */
async function sameId() {
  const [redis, nats] = await Promise.all([startRedis(), startNats()]);
  const shared = { clock: systemClock, random: systemRandom, log: silentLogger, name: 'test' };
  const bus = await connectBus({ ...shared, url: nats.url });
  const store = await connectStore({ ...shared, url: redis.url });
  const directory = openNodeDirectory({ ...shared, bus, nodes: store.nodes });
  await directory.start();
  const env = { SKEIN_NATS_URL: nats.url, SKEIN_REDIS_URL: redis.url, SKEIN_NODE_ID: 'same' };
  const nodeId = 'same';
  const instance = (): string | undefined => directory.record(nodeId)?.instance;
  /** A session at the process that a gateway sees; `holds` asks it so often, and counts the answers. */
  const openSession = async () => {
    const candidates = { fallbackNodeId: nodeId, openNodeIds: [nodeId], preferredNodeId: nodeId };
    const who = {
      room: 'room',
      identity: 'ann',
      name: 'ann',
      sessionId: systemIds('ses'),
      maxParticipants: 9,
    };
    const { participant, snapshot } = await store.rooms.place({ ...who, candidates });
    const { sessionId, epoch, identity } = participant;
    const ask = async (method: string, data: object): Promise<unknown> => {
      const request = { room: 'room', sessionId, epoch, method, data };
      return await bus.request(subjects.nodeSession(nodeId, instance()), request, { deadlineMs: 5000 });
    };
    const opening = { identity, roomVersion: snapshot.version, grants: grantsOfRole.participant };
    await ask('open', { ...anyOpening, ...opening });
    const holds = async (times: number): Promise<Record<string, number>> => {
      const counts: Record<string, number> = {};
      for (let time = 0; time < times; time++) {
        const outcome = await ask('restartIce', { direction: 'recv' }).then(
          () => 'answered',
          (error: unknown) => SkeinError.from(error).code,
        );
        counts[outcome] = (counts[outcome] ?? 0) + 1;
      }
      return counts;
    };
    return { holds };
  };
  return {
    start: () => start(env),
    instance,
    fence: () => directory.record(nodeId)?.fence,
    openSession,
    async [Symbol.asyncDispose]() {
      directory.close();
      await Promise.all([bus.close(), store.close()]);
      await Promise.all([redis.stop(), nats.stop()]);
    },
  };
}

const isReady = ({ event }: Record<string, unknown>): boolean => event === 'ready';
const LONG = { timeout: 20_000, interval: 50 };

describe('the media node as a process', () => {
  it('the process waits for NATS and Redis, logs ready, and exits with 0 on SIGTERM', async () => {
    const [natsPort, redisPort] = [await freePort(), await freePort()];
    const node = start({
      SKEIN_NATS_URL: `nats://127.0.0.1:${natsPort}`,
      SKEIN_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      SKEIN_NODE_ID: 'node-x',
    });
    await vi.waitFor(() => expect(node.lines.length).toBeGreaterThan(0), LONG);
    expect(node.lines.some(isReady)).toBe(false);
    expect(node.child.exitCode).toBeNull();
    await using _redis = await startRedis({ port: redisPort });
    await using _nats = await startNats({ port: natsPort });
    await vi.waitFor(() => expect(node.lines.some(isReady)).toBe(true), LONG);
    const ready = node.lines.find(isReady);
    expect(ready).toMatchObject({
      service: 'media-node',
      nodeId: 'node-x',
      grpcPort: expect.any(Number),
      level: 'info',
    });
    node.child.kill('SIGTERM');
    expect(await node.exit).toBe(0);
    expect(JSON.stringify(node.lines.filter(({ level }) => level !== 'debug'))).not.toMatch(
      /\d+\.\d+\.\d+\.\d+/,
    );
  });

  it('SIGTERM migrates the sessions to another node and exits with 0', async () => {
    await using redis = await startRedis();
    await using nats = await startNats();
    const servers = { SKEIN_NATS_URL: nats.url, SKEIN_REDIS_URL: redis.url };
    const [old, other] = ['old', 'other'].map((id) => start({ ...servers, SKEIN_NODE_ID: id }));
    if (!old || !other) throw new Error('not started');
    await vi.waitFor(() => expect([old, other].every(({ lines }) => lines.some(isReady))).toBe(true), LONG);
    const shared = { clock: systemClock, random: systemRandom, log: silentLogger, name: 'test' };
    const bus = await connectBus({ ...shared, url: nats.url });
    const store = await connectStore({ ...shared, url: redis.url });
    // A node that knows of no other one has nowhere to migrate its sessions to.
    const heard: unknown[] = [];
    bus.subscribe(subjects.anyNodeBeat, (record) => heard.push((record as { nodeId: unknown }).nodeId));
    await vi.waitFor(() => expect(heard).toContain('other'), LONG);
    const place = (nodeId: string): PlaceRequest => ({
      ...{ room: 'room', identity: 'ann', name: 'ann', sessionId: systemIds('ses'), maxParticipants: 9 },
      candidates: { fallbackNodeId: nodeId, openNodeIds: [nodeId], preferredNodeId: nodeId },
    });
    const open = async ({ participant, snapshot }: Placed): Promise<unknown> => {
      const { identity, sessionId, epoch, nodeId } = participant;
      const opening = { identity, roomVersion: snapshot.version, grants: grantsOfRole.participant };
      const data = { ...anyOpening, ...opening };
      const request = { room: 'room', sessionId, epoch, method: 'open', data };
      return await bus.request(subjects.nodeSession(nodeId), request, { deadlineMs: 5000 });
    };

    const first = await store.rooms.place(place('old'));
    await open(first);
    const { sessionId, epoch } = first.participant;
    const events: unknown[] = [];
    bus.subscribe(subjects.session(sessionId), (event) => events.push(event));
    await bus.flush({ deadlineMs: 5000 });
    old.child.kill('SIGTERM');
    // What is left of ten minutes when it asks, to the millisecond.
    const leftMs: unknown = expect.toSatisfy((ms: number) => ms > 599_000 && ms <= 600_000);
    const request = { event: 'moveRequested', data: { reason: 'drain', deadlineMs: leftMs } };
    await vi.waitFor(() => expect(events).toEqual([request]), LONG);

    const moved = await store.rooms.move({ ...place('other'), fromEpoch: epoch, reason: 'drain' });
    publishChanges(bus, 'room', moved.changes);
    await open(moved);
    expect(old.child.exitCode).toBeNull();
    const close = { room: 'room', sessionId, epoch, method: 'close', data: { reason: 'moved' } };
    await bus.request(subjects.nodeSession('old'), close, { deadlineMs: 5000 });
    expect(await old.exit).toBe(0);
    expect(events).toEqual([request]);
    expect((await store.rooms.snapshot('room'))?.participants).toMatchObject([{ nodeId: 'other' }]);
    // The last one has nowhere to move it to.
    other.child.kill('SIGTERM');
    expect(await other.exit).toBe(0);
    expect(await store.rooms.snapshot('room')).toBeUndefined();
    await Promise.all([bus.close(), store.close()]);
  });

  it('a drain over gRPC exits with 0', async () => {
    await using redis = await startRedis();
    await using nats = await startNats();
    const node = start({ SKEIN_NATS_URL: nats.url, SKEIN_REDIS_URL: redis.url });
    await vi.waitFor(() => expect(node.lines.some(isReady)).toBe(true), LONG);
    const clients = createRpcClients();
    const port = node.lines.find(isReady)?.['grpcPort'] as number;
    expect(await clients.client(nodeService, `127.0.0.1:${port}`).drain({ deadlineMs: 0 })).toEqual({
      sessions: 0,
    });
    expect(await node.exit).toBe(0);
    clients.close();
  });

  it('a second process with a running node`s id exits with 1 and does not disturb the first', async () => {
    await using pair = await sameId();
    const first = pair.start();
    await vi.waitFor(() => expect(first.lines.some(isReady)).toBe(true), LONG);
    await vi.waitFor(() => expect(pair.instance()).toBeDefined(), LONG);
    const { holds } = await pair.openSession();
    const second = pair.start();
    expect(await second.exit).toBe(1);
    expect(second.lines.some(isReady)).toBe(false);
    expect(JSON.stringify(second.lines)).toContain('another process runs as node same; give each its own');
    expect(await holds(100)).toEqual({ answered: 100 });
    expect(first.child.exitCode).toBeNull();
  });

  it('a process that hung while another took its id exits with 1 and answers nobody', async () => {
    await using pair = await sameId();
    const first = pair.start();
    await vi.waitFor(() => expect(first.lines.some(isReady)).toBe(true), LONG);
    await vi.waitFor(() => expect(pair.instance()).toBeDefined(), LONG);
    const overtaken = pair.instance();
    first.child.kill('SIGSTOP');
    const second = pair.start();
    // Until its lease is known, nobody can tell which of the two is the later start.
    const isKnown = (): boolean => pair.instance() !== overtaken && pair.fence() !== undefined;
    await vi.waitFor(() => expect(isKnown()).toBe(true), LONG);
    const { holds } = await pair.openSession();
    first.child.kill('SIGCONT');
    expect(await holds(200)).toEqual({ answered: 200 });
    expect(await first.exit).toBe(1);
    expect(first.lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        msg: expect.stringContaining('another process runs as node same'),
      }),
    );
    expect(await holds(100)).toEqual({ answered: 100 });
    expect(second.child.exitCode).toBeNull();
  });

  it.each([
    ['SKEIN_NODE_WORKERS', 'many'],
    ['SKEIN_NODE_HOST', 'no address'],
    ['SKEIN_NATS_URL', 'http://nats'],
    ['SKEIN_NODE_GRPC_PORT', '70000'],
    ['SKEIN_LOG_LEVEL', 'loud'],
    ['SKEIN_NODE_ID', 'with space'],
  ])('with %s=%s ends with code 78 and one line that says what is allowed', async (name, value) => {
    const node = start({ [name]: value });
    expect(await node.exit).toBe(78);
    expect(node.errors).toHaveLength(1);
    // The URL of a server may hold a password.
    const shown = name.endsWith('_URL') ? '(hidden)' : `"${value}"`;
    expect(node.errors[0]).toContain(`${name}=${shown} is not allowed`);
    expect(node.errors[0]).toContain('; it takes ');
  });

  it.each([
    ['SKEIN_NODE_HOST', '0.0.0.0', 'set SKEIN_NODE_ANNOUNCED_ADDRESS'],
    ['SKEIN_NODE_PIPE_HOST', '10.0.0.1', 'set SKEIN_NODE_GRPC_HOST'],
    ['SKEIN_NODE_RTC_PORT', '25000', 'set SKEIN_NODE_PIPE_PORTS to ports outside of them'],
  ])('with %s=%s alone ends with code 78 and one line that says what to set', async (name, value, wanted) => {
    const node = start({ [name]: value });
    expect(await node.exit).toBe(78);
    expect(node.errors).toEqual([expect.stringContaining(wanted)]);
  });
});
