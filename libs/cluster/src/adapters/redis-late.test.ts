import { startRedis, type RedisServer } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { connectStore, type ClusterStore } from '../index.ts';
import * as leaderScripts from '../scripts/leader-scripts.ts';
import * as nodeScripts from '../scripts/node-scripts.ts';
import * as placing from '../scripts/placing-scripts.ts';
import * as roomScripts from '../scripts/room-scripts.ts';
import { aNode, aRequest, aTrack } from '../testing/builders.ts';

/** A route to a server that can hold what was sent, as a network does that is away for some seconds. */
class HoldingProxy implements AsyncDisposable {
  readonly #server: Server;
  readonly #pairs = new Set<{
    readonly client: Socket;
    readonly server: Socket;
    held: Buffer[] | undefined;
  }>();

  private constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const server = connect(targetPort, '127.0.0.1');
      const pair = { client, server, held: undefined as Buffer[] | undefined };
      this.#pairs.add(pair);
      client.on('data', (bytes: Buffer) => (pair.held ? pair.held.push(bytes) : server.write(bytes)));
      server.on('data', (bytes: Buffer) => client.write(bytes));
      // What waits in the network arrives although its sender has closed.
      client.on('close', () => pair.held ?? server.destroy());
      for (const socket of [client, server]) socket.on('error', () => {});
    });
  }

  static async to(targetPort: number): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(targetPort);
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Holds what the present connections send from now on. */
  hold(): void {
    for (const pair of this.#pairs) pair.held ??= [];
  }

  /** Ends the present connections at the client's side; what is held stays. */
  cut(): void {
    for (const { client } of this.#pairs) client.destroy();
  }

  /** Lets everything through that was held. */
  release(): number {
    let bytes = 0;
    for (const pair of this.#pairs) {
      for (const held of pair.held ?? []) {
        bytes += held.length;
        pair.server.write(held);
      }
      pair.held = undefined;
    }
    return bytes;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { client, server } of this.#pairs) {
      client.destroy();
      server.destroy();
    }
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

let redis: RedisServer;
let proxy: HoldingProxy;
/** Over the proxy. */
let far: ClusterStore;
let near: ClusterStore;

beforeEach(async () => {
  redis = await startRedis();
  proxy = await HoldingProxy.to(Number(new URL(redis.url).port));
  const shared = { clock: systemClock, commandTimeoutMs: 300 };
  await loadScripts();
  far = await connectStore({ ...shared, url: `redis://127.0.0.1:${proxy.port}` });
  near = await connectStore({ ...shared, url: redis.url });
});
afterEach(async () => {
  await Promise.all([far, near].map((store) => store.close()));
  await proxy[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** A server that does not know a script yet would refuse it for that, however late it is. */
async function loadScripts(): Promise<void> {
  const raw = new Redis(redis.url);
  for (const one of Object.values({ ...placing, ...roomScripts, ...nodeScripts, ...leaderScripts }))
    await raw.script('LOAD', one.lua);
  raw.disconnect();
}

/** Sends what gets no answer in time, does `meanwhile` over another way, and then lets the late bytes through. */
async function runsLate(write: () => Promise<unknown>, meanwhile: () => Promise<unknown>): Promise<void> {
  proxy.hold();
  await expect(write()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  proxy.cut();
  await meanwhile();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(proxy.release()).toBeGreaterThan(0);
  // Long after the server has read it all.
  await new Promise((resolve) => setTimeout(resolve, 100));
}

const place = (store: ClusterStore, sessionId: string) =>
  store.rooms.place(aRequest({ identity: 'ada', sessionId }));
const people = async () =>
  (await near.rooms.snapshot('blue'))?.participants.map(({ sessionId }) => sessionId);

describe('a write that reaches Redis after its caller has given it up', () => {
  it('does not happen: a placement does not throw out the retry', async () => {
    await runsLate(
      () => place(far, 'ses_first'),
      () => place(near, 'ses_second'),
    );
    expect(await people()).toEqual(['ses_second']);
  });

  it('does not happen: neither a move, nor an announcement, brings back somebody who has left', async () => {
    const { participant } = await place(near, 'ses_1');
    const leave = () => near.rooms.leave('blue', participant, 'left');
    const move = { ...aRequest({ identity: 'ada', sessionId: 'ses_2' }), fromEpoch: participant.epoch };
    await runsLate(() => far.rooms.move({ ...move, reason: 'drain' }), leave);
    expect(await people()).toBeUndefined();
    await vi.waitFor(() => expect(far.status.state).toBe('connected'), 5000);
    await runsLate(() => far.rooms.announce('blue', { participants: [participant], tracks: [] }), leave);
    expect(await people()).toBeUndefined();
  });

  it('does not happen: a track keeps what was last said of it', async () => {
    const { participant } = await place(near, 'ses_1');
    const track = aTrack({ trackId: 'trk_1', identity: 'ada', epoch: participant.epoch });
    const publish = () => near.rooms.publishTrack('blue', 'ses_1', track);
    await publish();
    await runsLate(
      () => far.rooms.updateTrack('blue', participant, 'trk_1', true),
      async () => {
        await near.rooms.updateTrack('blue', participant, 'trk_1', true);
        await near.rooms.updateTrack('blue', participant, 'trk_1', false);
      },
    );
    expect((await near.rooms.snapshot('blue'))?.tracks).toEqual([track]);
    await vi.waitFor(() => expect(far.status.state).toBe('connected'), 5000);
    await runsLate(
      () => far.rooms.unpublishTrack('blue', participant, 'trk_1', 'off'),
      async () => {
        await near.rooms.unpublishTrack('blue', participant, 'trk_1', 'off');
        await publish();
      },
    );
    expect((await near.rooms.snapshot('blue'))?.tracks).toEqual([track]);
    await vi.waitFor(() => expect(far.status.state).toBe('connected'), 5000);
    await near.rooms.unpublishTrack('blue', participant, 'trk_1', 'off');
    await runsLate(
      () => far.rooms.publishTrack('blue', 'ses_1', track),
      () => Promise.resolve(),
    );
    expect((await near.rooms.snapshot('blue'))?.tracks).toEqual([]);
  });

  it('does not happen: a node keeps the lease that its own retry took', async () => {
    const lease = { fence: undefined, ttlMs: 5000 };
    let fence = 0;
    await runsLate(
      () => far.nodes.renew(aNode('node-1'), lease),
      async () => (fence = await near.nodes.renew(aNode('node-1'), lease)),
    );
    expect(await near.nodes.renew(aNode('node-1'), { fence, ttlMs: 5000 })).toBe(fence);
  });

  it('does not happen: a control that has let the lead go does not take it again', async () => {
    await runsLate(
      () => far.leader.hold('control-1', 5000),
      () => near.leader.hold('control-2', 500).then(() => near.leader.release('control-2')),
    );
    expect(await near.leader.hold('control-3', 5000)).toBeDefined();
  });
});
