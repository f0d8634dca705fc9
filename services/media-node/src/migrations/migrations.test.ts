import { SkeinError, subjects } from '@skein/protocol';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaNode } from '../node/media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let one: MediaNode;
let two: MediaNode;
let three: MediaNode;
let rooms = 0;
let ssrcs = 5000;
const newRoom = (): string => `moving ${++rooms}`;
const newSsrc = (): number => ++ssrcs;

beforeAll(async () => {
  cluster = await TestCluster.start();
  [one, two, three] = await Promise.all([
    cluster.addNode({ nodeId: 'one' }),
    cluster.addNode({ nodeId: 'two' }),
    cluster.addNode({ nodeId: 'three', workers: 2 }),
  ]);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

const nothing = expect.objectContaining({ routers: 0, sessions: 0, nodePipes: 0, subscriptions: 0 });

async function leaveAll(...sessions: readonly TestSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.leave()));
  await vi.waitFor(
    () => expect([one.counts, two.counts, three.counts]).toEqual([nothing, nothing, nothing]),
    {
      timeout: 5000,
    },
  );
}

async function flows(ssrc: number, arrived: () => number): Promise<void> {
  const before = arrived();
  let sequenceNumber = 0;
  await vi.waitFor(
    () => {
      sequenceNumber++;
      const timestamp = 960 * sequenceNumber;
      cluster.engine.inject(ssrc, {
        payloadType: 111,
        sequenceNumber,
        timestamp,
        payload: Buffer.alloc(60, 1),
      });
      expect(arrived()).toBeGreaterThan(before + 2);
    },
    { interval: 10, timeout: 5000 },
  );
}

describe('a participant that moves to another node', () => {
  it('a moved participant is received while its old tracks flow, then its old session ends', async () => {
    const room = newRoom();
    const [oldSsrc, newSsrcs] = [newSsrc(), newSsrc()];
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: oldSsrc }));
    const first = await bob.watch('mic');
    expect(first.epoch).toBe(ann.ref.epoch);

    const again = await cluster.move(ann, three);
    await flows(oldSsrc, () => bob.received(first).length);
    await again.publishAudio('mic', audioParameters({ ssrc: newSsrcs }));
    const second = await vi.waitFor(
      async () => {
        const answer = await bob.watch('mic');
        expect(answer.epoch).toBe(again.ref.epoch);
        return answer;
      },
      { timeout: 5000 },
    );
    expect(second.subscriptionId).not.toBe(first.subscriptionId);
    await flows(newSsrcs, () => bob.received(second).length);
    await flows(oldSsrc, () => bob.received(first).length);
    const { pipes } = await cluster.status(two).getRoomMedia({ room });
    expect(pipes.flatMap(({ tracksIn }) => tracksIn).toSorted()).toEqual(['mic', `mic@${ann.ref.epoch}`]);

    await ann.request('close', { reason: 'moved' });
    expect(one.counts.sessions).toBe(1);
    await bob.request('unsubscribe', { subscriptionId: first.subscriptionId });
    await vi.waitFor(() => expect(one.counts).toEqual(nothing), { timeout: 4000 });
    expect(ann.events).toEqual([]);
    expect(bob.events).toEqual([]);
    expect(await cluster.store.rooms.snapshot(room)).toMatchObject({
      participants: [{ identity: 'ann', nodeId: 'three' }, { identity: 'bob' }],
      tracks: [{ trackId: 'mic', epoch: again.ref.epoch, nodeId: 'three' }],
    });
    await leaveAll(again, bob);
  });

  it('a subscribe during a move gets the track from the new node', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    const again = await cluster.move(ann, three);
    await ann.request('close', { reason: 'moved' });
    await vi.waitFor(() => expect(one.counts).toEqual(nothing));
    const asked = bob.watch('mic');
    await again.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    expect((await asked).epoch).toBe(again.ref.epoch);
    await leaveAll(again, bob);
  });

  it('two moved sessions do not keep each other alive', async () => {
    const room = newRoom();
    const [ann, bob] = [await cluster.join(one, room, 'ann'), await cluster.join(one, room, 'bob')];
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    await bob.publishAudio('reply', audioParameters({ ssrc: newSsrc() }));
    await ann.watch('reply');
    await bob.watch('mic');
    const again = [await cluster.move(ann, two), await cluster.move(bob, two)];
    await Promise.all([ann, bob].map((session) => session.request('close', { reason: 'moved' })));
    // Far below the time that the last receivers have to follow.
    await vi.waitFor(() => expect(one.counts).toMatchObject({ sessions: 0 }), { timeout: 2000 });
    await leaveAll(...again);
  });

  it('a moved session without receivers ends at once and removes nobody from the room', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const again = await cluster.move(ann, two);
    await vi.waitFor(async () => {
      const late = ann.request('attach', { resumeToken: 'none' });
      await expect(late).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    });
    await ann.request('close', { reason: 'moved' });
    expect(one.counts).toMatchObject({ sessions: 0 });
    expect((await cluster.store.rooms.snapshot(room))?.participants).toMatchObject([{ nodeId: 'two' }]);
    await leaveAll(again);
  });

  it('a mute during a migration applies to the old session as well', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    const ssrc = newSsrc();
    await ann.publishAudio('mic', audioParameters({ ssrc }));
    const first = await bob.watch('mic');
    const again = await cluster.move(ann, two);
    const request = { trackId: 'mic', kind: 'audio', source: 'microphone', muted: true };
    await again.request('publish', { ...request, rtpParameters: audioParameters({ ssrc: newSsrc() }) });
    const packet = { payloadType: 111, timestamp: 0, payload: Buffer.alloc(60, 1) };
    let sequenceNumber = 0;
    await vi.waitFor(() => {
      const before = bob.received(first).length;
      for (let at = 0; at < 5; at++)
        cluster.engine.inject(ssrc, { ...packet, sequenceNumber: ++sequenceNumber });
      expect(bob.received(first).length).toBe(before);
    });
    await leaveAll(again, bob, ann);
  });

  it('a participant can move between two workers of one node', async () => {
    const room = newRoom();
    const ssrc = newSsrc();
    const ann = await cluster.join(three, room, 'ann');
    const bob = await cluster.join(three, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    await bob.watch('mic');
    const again = await cluster.move(ann, three);
    await again.publishAudio('mic', audioParameters({ ssrc }));
    const second = await bob.watch('mic');
    expect(second.epoch).toBe(again.ref.epoch);
    await flows(ssrc, () => bob.received(second).length);
    await ann.request('close', { reason: 'moved' });
    await leaveAll(again, bob);
  });
});

it('a session with a reported media loss ends, and its participant stays in the room', async () => {
  const room = newRoom();
  const ann = await cluster.join(one, room, 'ann');
  const bob = await cluster.join(two, room, 'bob');
  await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
  expect(await ann.request('reportMediaLoss', { epoch: ann.ref.epoch })).toEqual({});
  const told = { event: 'sessionClosed', data: { reason: 'media-timeout' } };
  await vi.waitFor(() => expect(ann.events).toEqual([told]));
  await expect(ann.request('restartIce', { direction: 'send' })).rejects.toMatchObject({
    code: 'SESSION_NOT_FOUND',
  });
  const { participants, tracks } = (await cluster.store.rooms.snapshot(room))!;
  expect(participants.map(({ identity }) => identity)).toEqual(['ann', 'bob']);
  expect(tracks.map(({ trackId }) => trackId)).toEqual(['mic']);
  const again = await cluster.move(ann, two);
  await again.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
  await leaveAll(again, bob);
});

describe('a session whose client has lost its gateway', () => {
  it('a gateway attaches with the token, and again when the answer was lost', async () => {
    const ann = await cluster.place(one, newRoom(), 'ann');
    const opened = await ann.request('open', ann.opening);
    await ann.request('detach', { attachment: opened.attachment, graceMs: 60_000 });
    await ann.request('attach', { resumeToken: opened.resumeToken });
    const attached = await ann.request('attach', { resumeToken: opened.resumeToken });
    expect(attached.attachment).toBe(opened.attachment + 2);
    const { resumeToken } = await ann.request('attach', { resumeToken: attached.resumeToken });
    const late = ann.request('attach', { resumeToken: opened.resumeToken });
    await expect(late).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    // What the gateway before says of its end comes too late.
    await ann.request('detach', { attachment: opened.attachment, graceMs: 0 });
    await ann.request('close', { reason: 'disconnected', attachment: opened.attachment });
    expect(one.counts.sessions).toBe(1);
    const { attachment } = await ann.request('attach', { resumeToken });
    await ann.request('close', { reason: 'disconnected', attachment });
    await vi.waitFor(() => expect(one.counts).toEqual(nothing));
  });

  it('an attach with another identity is refused, and the token stays valid', async () => {
    const ann = await cluster.place(one, newRoom(), 'ann');
    const { resumeToken, attachment } = await ann.request('open', ann.opening);
    const wrong = await ann
      .request('attach', { resumeToken: 'none', identity: 'ann' })
      .catch((error) => SkeinError.from(error));
    const stolen = await ann
      .request('attach', { resumeToken, identity: 'bob' })
      .catch((error) => SkeinError.from(error));
    expect(stolen).toMatchObject({ code: 'SESSION_NOT_FOUND' });
    expect(stolen).toEqual(wrong);
    const attached = await ann.request('attach', { resumeToken, identity: 'ann' });
    expect(attached.attachment).toBe(attachment + 1);
    await ann.leave();
  });

  it('a detached session ends after its grace period, and leaves the room', async () => {
    const room = newRoom();
    const ann = await cluster.place(one, room, 'ann');
    const { attachment } = await ann.request('open', ann.opening);
    await ann.request('detach', { attachment, graceMs: 50 });
    await vi.waitFor(async () => expect(await cluster.store.rooms.snapshot(room)).toBeUndefined());
    await vi.waitFor(() => expect(one.counts).toEqual(nothing));
  });
});

describe('a node', () => {
  it('a node answers a ping', async () => {
    expect(await cluster.bus.request(subjects.nodePing('one'), {}, { deadlineMs: 1000 })).toEqual({});
  });

  it('a rebalance migrates the requested number of sessions', async () => {
    const sessions = await Promise.all(['a', 'b', 'c'].map((who) => cluster.join(one, newRoom(), who)));
    expect(await cluster.status(one).moveSessions({ count: 2 })).toEqual({ moving: 2 });
    const asked = expect.objectContaining({ event: 'moveRequested' });
    const counts = (): number[] => sessions.map(({ events }) => events.length);
    await vi.waitFor(() => expect(counts().toSorted()).toEqual([0, 1, 1]));
    expect(sessions.flatMap(({ events }) => events)).toEqual([asked, asked]);
    await leaveAll(...sessions);
  });

  it('a draining node refuses sessions, migrates its own, and ends when they have moved', async () => {
    const room = newRoom();
    const four = await cluster.addNode({ nodeId: 'four' });
    const ann = await cluster.join(four, room, 'ann');
    const bob = await cluster.join(four, room, 'bob');
    expect(await cluster.status(four).drain({ deadlineMs: 20_000 })).toEqual({ sessions: 2 });
    const record = async (): Promise<unknown> =>
      (await cluster.store.nodes.list()).find(({ record: { nodeId } }) => nodeId === 'four')?.record;
    await vi.waitFor(async () => expect(await record()).toMatchObject({ state: 'draining' }));
    const cho = await cluster.place(four, room, 'cho');
    await expect(cho.request('open', cho.opening)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    const moved = [];
    for (const session of [ann, bob]) {
      const request = { event: 'moveRequested', data: { reason: 'drain', deadlineMs: expect.any(Number) } };
      await vi.waitFor(() => expect(session.events).toContainEqual(request));
      moved.push(await cluster.move(session, one));
      await session.request('close', { reason: 'moved' });
    }
    expect(await four.ended).toBe('drained: empty');
    await four.stop('drained');
    await cluster.store.rooms.leave(room, cho.ref, 'test');
    await leaveAll(...moved);
  });

  it('a drain deadline ends the remaining sessions, whose participants stay in the room', async () => {
    const room = newRoom();
    const five = await cluster.addNode({ nodeId: 'five' });
    const ann = await cluster.join(five, room, 'ann');
    await cluster.status(five).drain({ deadlineMs: 300 });
    expect(await five.ended).toBe('drained: deadline');
    await five.stop('drained');
    expect(ann.events).toContainEqual({ event: 'sessionClosed', data: { reason: 'node-stopped' } });
    expect((await cluster.store.rooms.snapshot(room))?.participants).toMatchObject([{ nodeId: 'five' }]);
    await leaveAll(await cluster.move(ann, one));
  });

  it('a node that was declared dead rejoins with the sessions that are still its own', async () => {
    const room = newRoom();
    const six = await cluster.addNode({ nodeId: 'six' });
    const ann = await cluster.join(six, room, 'ann');
    const bob = await cluster.join(six, room, 'bob');
    await bob.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    const six0 = await vi.waitFor(async () => await registered('six'));
    const again = await cluster.move(bob, one);
    await cluster.store.nodes.release('six', six0.fence);
    await vi.waitFor(async () => {
      // A renewal may take the lease back in between, as a node that lives does.
      await cluster.store.nodes.release('six', (await registered('six')).fence);
      const leaderFence = (await cluster.store.leader.hold('test', 60_000)) ?? Number.NaN;
      expect(await cluster.store.nodes.evict('six', six0.fence, leaderFence)).toBe(true);
    });
    await vi.waitFor(
      async () =>
        expect((await registered('six')).record.startedAtMs).toBeGreaterThan(six0.record.startedAtMs),
      { timeout: 5000 },
    );
    await vi.waitFor(() => expect(six.counts.sessions).toBe(1), { timeout: 7000 });
    expect(ann.events).toEqual([]);
    await leaveAll(ann, again);
    await six.stop('test is over');
  });
});

async function registered(nodeId: string) {
  const found = (await cluster.store.nodes.list()).find(({ record }) => record.nodeId === nodeId);
  if (!found) throw new Error(`${nodeId} has no lease`);
  return found;
}

describe('a store that comes back empty', () => {
  it('is told again of the sessions and tracks that are here, which go on meanwhile', async () => {
    const room = newRoom();
    const ssrc = newSsrc();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc }));
    const atBob = await bob.watch('mic');
    await flows(ssrc, () => bob.received(atBob).length);
    await cluster.redis.restart();
    await flows(ssrc, () => bob.received(atBob).length);
    await vi.waitFor(
      async () =>
        expect(await cluster.store.rooms.snapshot(room)).toMatchObject({
          participants: expect.arrayContaining([
            expect.objectContaining({ identity: 'ann', epoch: ann.ref.epoch }),
            expect.objectContaining({ identity: 'bob', epoch: bob.ref.epoch }),
          ]),
          tracks: [{ trackId: 'mic', epoch: ann.ref.epoch }],
        }),
      { timeout: 15_000 },
    );
    await flows(ssrc, () => bob.received(atBob).length);
    expect([...ann.events, ...bob.events]).toEqual([]);
    await leaveAll(ann, bob);
  });
});
