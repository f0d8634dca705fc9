import { freePort, startRedis, startRedisGroup, type RedisServer } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { Redis } from 'ioredis';
import { describe, expect, it, vi } from 'vitest';
import { connect as connectSocket, createServer, type Server, type Socket } from 'node:net';
import { connectStore, type ClusterStore, type StoreRecovery } from '../index.ts';
import { aNode, aRequest } from '../testing/builders.ts';

const FOUND_WITHIN_MS = 10_000;
const soon = { timeout: FOUND_WITHIN_MS, interval: 10 };
const lease = { ttlMs: 5000 };

/** One address that leads to whichever server it is pointed at, as a service of an orchestrator does. */
class MovingAddress implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: RedisServer;

  private constructor(server: Server, port: number, target: RedisServer) {
    this.#server = server;
    this.#target = target;
    this.url = `redis://127.0.0.1:${port}`;
    server.on('connection', (client) => this.#forward(client));
  }

  static async open(target: RedisServer): Promise<MovingAddress> {
    const port = await freePort();
    const server = createServer();
    const address = new MovingAddress(server, port, target);
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    return address;
  }

  /** From the next connection on; those that there are stay where they are. */
  pointAt(target: RedisServer): void {
    this.#target = target;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #forward(client: Socket): void {
    const { host, port } = this.#target;
    const upstream = connectSocket({ host, port });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.#sockets.add(from);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.#sockets.delete(from);
      });
    }
  }
}

/** Closes what was opened, the last first. */
class Opened implements AsyncDisposable {
  readonly #closers: (() => unknown)[] = [];

  use<Value extends AsyncDisposable>(value: Value): Value {
    this.defer(() => value[Symbol.asyncDispose]());
    return value;
  }

  defer(close: () => unknown): void {
    this.#closers.unshift(close);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const close of this.#closers) await close();
  }
}

/** A primary, its replica, and an address of which only the first is known. */
async function pair() {
  const opened = new Opened();
  const primary = opened.use(await startRedis());
  const replica = opened.use(await startRedis({ replicaOf: primary }));
  const address = opened.use(await MovingAddress.open(primary));
  const [old, next] = [primary, replica].map(({ url }) => new Redis(url)) as [Redis, Redis];
  // One of them is killed.
  for (const raw of [old, next]) raw.on('error', () => {});
  opened.defer(() => {
    old.disconnect();
    next.disconnect();
  });
  const told: string[] = [];
  const onStatus = ({ state }: { state: string }): void => void told.push(state);
  const store = await connectStore({ url: address.url, clock: systemClock, onStatus });
  opened.defer(() => store.close());
  await vi.waitFor(
    async () => expect(await next.info('replication')).toContain('master_link_status:up'),
    soon,
  );
  const recoveries: StoreRecovery[] = [];
  store.rooms.onRecovered?.((recovery) => recoveries.push(recovery));
  return { opened, address, primary, replica, old, next, store, told, recoveries };
}

async function caughtUp(old: Redis, next: Redis): Promise<void> {
  await vi.waitFor(async () => {
    const offsets = await Promise.all(
      [old, next].map(async (one) => offsetOf(await one.info('replication'))),
    );
    expect(offsets[0]).toBe(offsets[1]);
  }, soon);
}

function offsetOf(info: string): string | undefined {
  return /^(?:master_repl_offset|slave_repl_offset):(\d+)/m.exec(info)?.[1];
}

async function join(store: ClusterStore, identity: string) {
  return await store.rooms.place(aRequest({ identity }));
}

describe('a store whose one address leads to another primary', () => {
  it('is left at the first write that it refuses, and found where it is now', async () => {
    const { opened, address, old, next, replica, store } = await pair();
    await using _ = opened;
    const ann = await join(store, 'ann');
    await caughtUp(old, next);
    await next.replicaof('NO', 'ONE');
    await old.replicaof(replica.host, replica.port);
    address.pointAt(replica);
    await expect(join(store, 'bob')).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryAfterMs: expect.any(Number) as number,
    });
    expect(store.status.state).toBe('disconnected');
    const bob = await vi.waitFor(() => join(store, 'bob'), soon);
    expect(bob.snapshot.participants.map(({ identity }) => identity)).toEqual(['ann', 'bob']);
    expect(bob.participant.epoch).toBeGreaterThan(ann.participant.epoch);
  });

  it('is left within seconds also by who only reads', async () => {
    const { opened, address, old, next, replica, store, told } = await pair();
    await using _ = opened;
    await next.replicaof('NO', 'ONE');
    await old.replicaof(replica.host, replica.port);
    address.pointAt(replica);
    await vi.waitFor(async () => {
      await store.rooms.snapshot('blue').catch(() => undefined);
      expect(told).toEqual(['connected', 'disconnected', 'connected']);
    }, soon);
    await join(store, 'ann');
  });

  it('serves nothing while the address still leads to the replica', async () => {
    const { opened, old, next, replica, store } = await pair();
    await using _ = opened;
    await next.replicaof('NO', 'ONE');
    await old.replicaof(replica.host, replica.port);
    await vi.waitFor(async () => {
      await store.rooms.snapshot('blue').catch(() => undefined);
      expect(store.status.state).toBe('disconnected');
    }, soon);
    const startedMs = performance.now();
    while (performance.now() - startedMs < 1500) {
      await expect(store.rooms.snapshot('blue')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      await systemClock.sleep(20);
    }
    await old.replicaof('NO', 'ONE');
    await vi.waitFor(() => store.rooms.snapshot('blue'), soon);
  });

  it('may have lost the last writes, and says so: leases go on, numbers rise, rooms grow back', async () => {
    const { opened, address, primary, next, replica, store, recoveries } = await pair();
    await using _ = opened;
    const ann = await join(store, 'ann');
    const fence = await store.nodes.renew(aNode('n1'), { fence: undefined, ...lease });
    const leader = await store.leader.hold('c1', 5000);
    await vi.waitFor(async () => expect(await next.exists('skein:reconciler')).toBe(1), soon);
    // What is written from here on never reaches the replica.
    await next.replicaof('NO', 'ONE');
    const bob = await join(store, 'bob');
    const later = await store.nodes.renew(aNode('n2'), { fence: undefined, ...lease });
    await primary.kill();
    address.pointAt(replica);
    const cy = await vi.waitFor(() => join(store, 'cy'), soon);

    expect(recoveries).toEqual([{ fellBack: true }]);
    // A version that was given before, to another change.
    expect(cy.snapshot.version).toBe(bob.snapshot.version);
    expect(cy.participant.epoch).toBeGreaterThan(bob.participant.epoch);
    expect(await store.nodes.renew(aNode('n1'), { fence, ...lease })).toBe(fence);
    expect(await store.nodes.renew(aNode('n2'), { fence: later, ...lease })).toBe(later);
    expect((await store.nodes.list()).map(({ record }) => record.nodeId).toSorted()).toEqual(['n1', 'n2']);
    expect(await store.leader.hold('c1', 5000)).toBe(leader);

    const held = [ann, bob].map(({ participant }) => participant);
    const { changes } = await store.rooms.announce('blue', { participants: held, tracks: [] });
    expect(changes.map(({ change }) => change.type)).toEqual(['participantJoined']);
    const snapshot = await store.rooms.snapshot('blue');
    expect(snapshot?.participants.map(({ identity }) => identity).toSorted()).toEqual(['ann', 'bob', 'cy']);
  });
});

describe('a store behind sentinels', () => {
  it('follows the primary away from a former one that hung and continues as primary', async () => {
    await using group = await startRedisGroup({ downAfterMs: 1000 });
    const store = await connectStore({ url: group.url, clock: systemClock });
    await using _ = { [Symbol.asyncDispose]: () => store.close() };
    const first = await group.primary();
    const before = await join(store, 'ann');

    await first.freeze();
    await expect(store.rooms.snapshot('blue')).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(store.status.state).toBe('disconnected');
    const second = await group.failedOver(first, 20_000);
    first.thaw();
    const after = await vi.waitFor(() => join(store, 'ann'), soon);
    expect(after.participant.epoch).toBeGreaterThan(before.participant.epoch);
    const raw = new Redis(second.url);
    const member = await raw.hget('skein:{room:blue}:members', 'ann');
    raw.disconnect();
    expect(member).toContain(String(after.participant.epoch));
  }, 60_000);

  it('stops waiting for the sentinels when its signal is aborted', async () => {
    const stop = new AbortController();
    const url = `redis+sentinel://127.0.0.1:${await freePort()}/skein`;
    const connecting = connectStore({ url, clock: systemClock, signal: stop.signal });
    stop.abort();
    await expect(connecting).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('is refused when its address is wrong', async () => {
    await expect(connectStore({ url: 'redis+sentinel://one', clock: systemClock })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
