import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaNode } from '../node/media-node.ts';
import { TestCluster } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let one: MediaNode;
let two: MediaNode;

beforeAll(async () => {
  cluster = await TestCluster.start();
  // Every session on a worker of its own, as far as there are some.
  const spread = { workers: 2, workerPolicy: { maxCpu: 2, maxSessions: 1 } };
  one = await cluster.addNode({ ...spread, nodeId: 'one' });
  two = await cluster.addNode({ ...spread, nodeId: 'two' });
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

describe('a room on two workers of a node', () => {
  it('a remote track enters once and crosses one pipe between the workers', async () => {
    const room = 'spread';
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    const cho = await cluster.join(two, room, 'cho');
    await ann.publishAudio('mic', audioParameters({ ssrc: 501 }));
    await Promise.all([bob.watch('mic'), cho.watch('mic')]);
    const { pipes, routerIds } = await cluster.status(two).getRoomMedia({ room });
    expect(routerIds).toHaveLength(2);
    expect(
      pipes.map(({ kind, tracksIn, tracksOut }) => [kind, ...tracksIn, ...tracksOut]).toSorted(),
    ).toEqual([
      ['NODE', 'mic'],
      ['WORKER', 'mic'],
    ]);
    await Promise.all([ann.leave(), bob.leave(), cho.leave()]);
    const nothing = expect.objectContaining({ routers: 0, nodePipes: 0, workerPipes: 0, subscriptions: 0 });
    await vi.waitFor(() => expect([one.counts, two.counts]).toEqual([nothing, nothing]), { timeout: 5000 });
  });

  it('a local track crosses from one worker to the other, mutes included', async () => {
    const room = 'within';
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: 502 }));
    const subscription = await bob.watch('mic');
    const packet = { payloadType: 111, timestamp: 0, payload: Buffer.alloc(40, 1) };
    let sequenceNumber = 0;
    await vi.waitFor(() => {
      cluster.engine.inject(502, { ...packet, sequenceNumber: ++sequenceNumber });
      expect(bob.received(subscription).length).toBeGreaterThan(5);
    });
    await ann.request('setTrackMuted', { trackId: 'mic', muted: true });
    await vi.waitFor(async () =>
      expect((await bob.request('subscribe', { trackId: 'mic' })).trackMuted).toBe(true),
    );
    expect(one.counts).toMatchObject({ routers: 2, workerPipes: 1, nodePipes: 0 });
    await Promise.all([ann.leave(), bob.leave()]);
  });
});

describe('a worker that dies', () => {
  it('a dead worker ends its sessions, notifies gateways, keeps participants, and restarts', async () => {
    const room = 'mourning';
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    const cho = await cluster.join(two, room, 'cho');
    await Promise.all([
      ann.publishAudio('from-ann', audioParameters({ ssrc: 601 })),
      bob.publishAudio('from-bob', audioParameters({ ssrc: 602 })),
    ]);
    await Promise.all([cho.watch('from-ann'), cho.watch('from-bob'), bob.watch('from-ann')]);
    const { sessions } = await cluster.status(one).getRoomMedia({ room });
    const { workers } = await cluster.status(one).getStatus({});
    expect(new Set(sessions.map(({ routerId }) => routerId)).size).toBe(2);
    const [first] = workers;
    if (!first) throw new Error('no worker');
    process.kill(first.pid, 'SIGKILL');

    const told = { event: 'sessionClosed', data: { reason: 'worker-died' } };
    await vi.waitFor(() => expect([...ann.events, ...bob.events]).toContainEqual(told));
    const [dead, alive] = ann.events.some((event) => JSON.stringify(event) === JSON.stringify(told))
      ? [ann, bob]
      : [bob, ann];
    expect(alive.events).not.toContainEqual(told);
    const snapshot = await cluster.store.rooms.snapshot(room);
    expect(snapshot?.participants.map(({ identity }) => identity).toSorted()).toEqual(['ann', 'bob', 'cho']);
    expect(snapshot?.tracks.map(({ trackId }) => trackId).toSorted()).toEqual(['from-ann', 'from-bob']);
    const lost = expect.objectContaining({ trackId: `from-${dead.ref.identity}` });
    await vi.waitFor(() => expect(cho.events).toContainEqual({ event: 'subscriptionClosed', data: lost }));

    await vi.waitFor(
      async () => {
        const again = (await cluster.status(one).getStatus({})).workers[0];
        expect(again?.restarts).toBe(1);
        expect(again?.pid).not.toBe(first.pid);
      },
      { timeout: 5000 },
    );
    const dee = await cluster.join(one, room, 'dee');
    await dee.watch(`from-${alive.ref.identity}`);
    const again = await cluster.move(dead, two);
    expect(again.ref.epoch).toBeGreaterThan(dead.ref.epoch);
    await Promise.all([alive.leave(), cho.leave(), dee.leave(), again.leave()]);
    const nothing = expect.objectContaining({ routers: 0, sessions: 0, nodePipes: 0, workerPipes: 0 });
    await vi.waitFor(() => expect([one.counts, two.counts]).toEqual([nothing, nothing]), { timeout: 5000 });
  });
});

describe('a worker that hangs', () => {
  it('a hanging worker is killed, while the other one works and takes joins', async () => {
    const room = 'frozen';
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    const { workers } = await cluster.status(one).getStatus({});
    const [first, second] = workers;
    if (!first || !second) throw new Error('no workers');
    process.kill(first.pid, 'SIGSTOP');
    const told = { event: 'sessionClosed', data: { reason: 'worker-died' } };
    await vi.waitFor(() => expect([...ann.events, ...bob.events]).toContainEqual(told), { timeout: 5000 });
    const alive = ann.events.length > 0 ? bob : ann;
    expect(alive.events).not.toContainEqual(told);
    await alive.publishAudio('mic', audioParameters({ ssrc: 801 }));
    const cho = await cluster.join(one, room, 'cho');
    await cho.watch('mic');
    await vi.waitFor(
      async () => {
        const [again, other] = (await cluster.status(one).getStatus({})).workers;
        expect(again?.restarts).toBe(first.restarts + 1);
        expect(other).toMatchObject({ pid: second.pid, restarts: second.restarts });
      },
      { timeout: 5000 },
    );
    expect(() => process.kill(first.pid, 0)).toThrow('ESRCH');
    await Promise.all([alive.leave(), cho.leave()]);
  });

  it('a join does not wait for a hanging worker when there is no other', async () => {
    const four = await cluster.addNode({ nodeId: 'four' });
    const dee = await cluster.place(four, 'alone', 'dee');
    const [pid] = four.workerPids;
    if (pid === undefined) throw new Error('no worker');
    process.kill(pid, 'SIGSTOP');
    await expect(dee.request('open', dee.opening)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(four.counts).toMatchObject({ sessions: 0, routers: 0 });
    // Whoever asked for it decides what becomes of the participant.
    const shown = await cluster.store.rooms.snapshot('alone');
    expect(shown?.participants).toMatchObject([{ identity: 'dee' }]);
    await vi.waitFor(async () => await cluster.join(four, 'alone', 'dee'), { timeout: 5000 });
    await four.stop('test');
  });
});

describe('a node that stops', () => {
  it('a stopping node notifies gateways and leaves the registry; participants stay', async () => {
    const room = 'goodbye';
    const three = await cluster.addNode({ nodeId: 'three' });
    const ann = await cluster.join(three, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: 701 }));
    await bob.watch('mic');
    const registered = async (): Promise<readonly string[]> =>
      (await cluster.store.nodes.list()).map(({ record }) => record.nodeId).toSorted();
    await vi.waitFor(async () => expect(await registered()).toEqual(['one', 'three', 'two']));
    const pids = three.workerPids;
    await three.stop('test');
    expect(ann.events).toContainEqual({ event: 'sessionClosed', data: { reason: 'node-stopped' } });
    expect(await registered()).toEqual(['one', 'two']);
    const kept = { participants: [{ identity: 'ann' }, { identity: 'bob' }], tracks: [{ trackId: 'mic' }] };
    expect(await cluster.store.rooms.snapshot(room)).toMatchObject(kept);
    await vi.waitFor(() =>
      expect(bob.events).toContainEqual(expect.objectContaining({ event: 'subscriptionClosed' })),
    );
    await vi.waitFor(() => {
      for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    });
    await expect(ann.request('open', ann.opening)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const again = await cluster.move(ann, two);
    await again.publishAudio('mic', audioParameters({ ssrc: 702 }));
    await vi.waitFor(async () => await bob.watch('mic'));
    await Promise.all([bob.leave(), again.leave()]);
  });
});
