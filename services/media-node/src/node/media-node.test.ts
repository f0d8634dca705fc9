import { systemClock } from '@skein/runtime';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { MediaNode } from './media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters, videoParameters } from '../testing/rtp-parameters.ts';

const NOTHING = {
  routers: 0,
  sessions: 0,
  clientTransports: 0,
  tracks: 0,
  subscriptions: 0,
  nodePipes: 0,
  workerPipes: 0,
  nodePipeBytes: 0,
};

let cluster: TestCluster;
let one: MediaNode;
let two: MediaNode;
let rooms = 0;
let ssrcs = 1000;
const newRoom = (): string => `room ${++rooms}`;
const newSsrc = (): number => ++ssrcs;

beforeAll(async () => {
  cluster = await TestCluster.start();
  [one, two] = await Promise.all([cluster.addNode({ nodeId: 'one' }), cluster.addNode({ nodeId: 'two' })]);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

async function leaveAll(...sessions: readonly TestSession[]): Promise<void> {
  await Promise.all(sessions.map((session) => session.leave()));
  await vi.waitFor(() => expect([one.counts, two.counts]).toEqual([NOTHING, NOTHING]), { timeout: 5000 });
}

/** Packets sent so far, by SSRC: one with a number that was sent before is a repetition, and dropped (RFC 3711 §3.3.2). */
const sentBySsrc = new Map<number, number>();

/** Sends packets with numbers in a row until `arrived` holds, and returns how many were sent. */
async function sendUntil(
  ssrc: number,
  arrived: () => boolean,
  kind: 'audio' | 'video' = 'audio',
): Promise<number> {
  let sent = 0;
  // VP8 payload descriptor with the start bit, then a frame header that says key frame (RFC 7741 §4.2, §4.3).
  const payload =
    kind === 'audio'
      ? Buffer.alloc(60, 1)
      : Buffer.from([0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0, 1, 0, 1]);
  const payloadType = kind === 'audio' ? 111 : 96;
  await vi.waitFor(
    () => {
      const before = sentBySsrc.get(ssrc) ?? 0;
      const numbers = { sequenceNumber: 1 + before, timestamp: 960 * before };
      cluster.engine.inject(ssrc, { payloadType, ...numbers, payload });
      sentBySsrc.set(ssrc, before + 1);
      sent++;
      expect(arrived()).toBe(true);
    },
    { interval: 10, timeout: 5000 },
  );
  return sent;
}

const sequenceNumber = (packet: Buffer): number => packet.readUInt16BE(2);

describe('a track of another node', () => {
  it('a piped track crosses once and reaches both of its viewers, each packet once', async () => {
    const room = newRoom();
    const ssrc = newSsrc();
    const [ann, bob, cho] = await Promise.all([
      cluster.join(one, room, 'ann'),
      cluster.join(two, room, 'bob'),
      cluster.join(two, room, 'cho'),
    ]);
    await ann.publishAudio('mic', audioParameters({ ssrc }));
    const [atBob, atCho] = await Promise.all([bob.watch('mic'), cho.watch('mic')]);
    await sendUntil(ssrc, () => bob.received(atBob).length >= 20 && cho.received(atCho).length >= 20);
    for (const packets of [bob.received(atBob), cho.received(atCho)]) {
      const numbers = packets.map(sequenceNumber);
      expect(new Set(numbers).size).toBe(numbers.length);
    }
    const media = await cluster.status(two).getRoomMedia({ room });
    expect(media.pipes).toMatchObject([
      { kind: 'NODE', peerNodeId: 'one', tracksIn: ['mic'], tracksOut: [] },
    ]);
    const origin = await cluster.status(one).getRoomMedia({ room });
    expect(origin.pipes).toMatchObject([
      { kind: 'NODE', peerNodeId: 'two', tracksIn: [], tracksOut: ['mic'] },
    ]);
    await leaveAll(ann, bob, cho);
  });

  it('a remote track is ready, paused, in the answer to open', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    const bob = await cluster.join(two, room, 'bob', true);
    expect(bob.subscriptions).toMatchObject([
      { trackId: 'mic', kind: 'audio', type: 'simple', trackMuted: false },
    ]);
    await leaveAll(ann, bob);
  });

  it('ten concurrent subscribes, while both nodes open the pipe, make one pipe and one copy', async () => {
    for (let round = 0; round < 5; round++) {
      const room = newRoom();
      const here = await Promise.all(['a', 'b', 'c', 'd', 'e'].map((who) => cluster.join(one, room, who)));
      const there = await Promise.all(['v', 'w', 'x', 'y', 'z'].map((who) => cluster.join(two, room, who)));
      await here[0]?.publishAudio('from-one', audioParameters({ ssrc: newSsrc() }));
      await there[0]?.publishAudio('from-two', audioParameters({ ssrc: newSsrc() }));
      await Promise.all([
        ...here.map((session) => session.request('subscribe', { trackId: 'from-two' })),
        ...there.map((session) => session.request('subscribe', { trackId: 'from-one' })),
      ]);
      const sides = await Promise.all([one, two].map((node) => cluster.status(node).getRoomMedia({ room })));
      expect(sides.map(({ pipes }) => pipes)).toMatchObject([
        [{ tracksIn: ['from-two'], tracksOut: ['from-one'] }],
        [{ tracksIn: ['from-one'], tracksOut: ['from-two'] }],
      ]);
      await leaveAll(...here, ...there);
    }
  });

  it('a mute and an unmute cross the pipe', async () => {
    const room = newRoom();
    const ssrc = newSsrc();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc }));
    const atBob = await bob.watch('mic');
    await sendUntil(ssrc, () => bob.received(atBob).length > 0);
    await ann.request('setTrackMuted', { trackId: 'mic', muted: true });
    await vi.waitFor(async () =>
      expect((await bob.request('subscribe', { trackId: 'mic' })).trackMuted).toBe(true),
    );
    const silent = bob.received(atBob).length;
    await ann.request('setTrackMuted', { trackId: 'mic', muted: false });
    await vi.waitFor(async () =>
      expect((await bob.request('subscribe', { trackId: 'mic' })).trackMuted).toBe(false),
    );
    await sendUntil(ssrc, () => bob.received(atBob).length > silent);
    expect((await cluster.store.rooms.snapshot(room))?.tracks).toMatchObject([
      { trackId: 'mic', muted: false },
    ]);
    await leaveAll(ann, bob);
  });

  it('the end of a track closes the subscriptions behind the pipe, and the pipe after its linger', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    const { subscriptionId } = await bob.watch('mic');
    await ann.request('unpublish', { trackId: 'mic' });
    const closed = {
      event: 'subscriptionClosed',
      data: expect.objectContaining({ subscriptionId, trackId: 'mic' }),
    };
    await vi.waitFor(() => expect(bob.events).toContainEqual(closed));
    await vi.waitFor(() => expect([one.counts.nodePipes, two.counts.nodePipes]).toEqual([0, 0]));
    expect([one.counts.sessions, two.counts.sessions]).toEqual([1, 1]);
    await leaveAll(ann, bob);
  });

  it('a track stops crossing with its last subscription, and crosses again with the next', async () => {
    const room = newRoom();
    const ssrc = newSsrc();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc }));
    const first = await bob.watch('mic');
    await bob.request('unsubscribe', { subscriptionId: first.subscriptionId });
    await vi.waitFor(() => expect([one.counts.nodePipes, two.counts.nodePipes]).toEqual([0, 0]));
    const again = await bob.watch('mic');
    await sendUntil(ssrc, () => bob.received(again).length > 0);
    await leaveAll(ann, bob);
  });

  it('simulcast layers survive a pipe, and key frame requests cross it to the publisher', async () => {
    const room = newRoom();
    const [low, mid, high] = [newSsrc(), newSsrc(), newSsrc()];
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(two, room, 'bob');
    await ann.publishVideo('cam', videoParameters({ ssrcs: [low, mid, high], scalabilityMode: 'L1T3' }));
    const subscription = await bob.request('subscribe', {
      trackId: 'cam',
      preferredLayers: { spatialLayer: 2 },
    });
    expect(subscription.type).toBe('simulcast');
    const { subscriptionId } = subscription;
    await bob.request('updateSubscriptions', { updates: [{ subscriptionId, paused: false }] });
    await sendUntil(low, () => bob.received(subscription).length > 0, 'video');
    // The first packet holds a key frame: nobody has to ask for one before somebody begins anew.
    for (const paused of [true, false])
      await bob.request('updateSubscriptions', { updates: [{ subscriptionId, paused }] });
    await sendUntil(low, () => cluster.engine.keyFrameRequests(low) > 0, 'video');
    // Told by the node, while packets come from its worker: either may be first.
    await vi.waitFor(() =>
      expect(bob.events).toContainEqual(
        expect.objectContaining({
          event: 'subscriptionLayersChanged',
          data: expect.objectContaining({ subscriptionId }),
        }),
      ),
    );
    const wish = { subscriptionId, preferredLayers: { spatialLayer: 7, temporalLayer: 7 } };
    expect(await bob.request('updateSubscriptions', { updates: [wish] })).toEqual({});
    await leaveAll(ann, bob);
  });

  it('a track of an unreachable node fails PIPE_FAILED and delays neither open nor other tracks', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    const ghost = await cluster.place(one, room, 'ghost');
    const { sessionId, identity, epoch } = ghost.ref;
    const track = {
      trackId: 'lost',
      identity,
      epoch,
      nodeId: 'gone',
      routerId: 'r',
      kind: 'audio',
      source: 'microphone',
    } as const;
    const shape = { muted: false, mimeType: 'audio/opus', spatialLayers: 1, temporalLayers: 1 };
    await cluster.store.rooms.publishTrack(room, sessionId, { ...track, ...shape });
    const startedMs = systemClock.monotonicMs();
    const bob = await cluster.join(two, room, 'bob', true);
    expect(systemClock.monotonicMs() - startedMs).toBeLessThan(1000);
    expect(bob.subscriptions.map(({ trackId }) => trackId)).toEqual(['mic']);
    await expect(bob.request('subscribe', { trackId: 'lost' })).rejects.toMatchObject({
      code: 'PIPE_FAILED',
    });
    await leaveAll(ann, bob);
  });
});

describe('sessions', () => {
  it('open is idempotent and repeats its answer', async () => {
    const session = await cluster.place(one, newRoom(), 'ann');
    const [first, second] = await Promise.all([
      session.request('open', session.opening),
      session.request('open', session.opening),
    ]);
    expect(second).toEqual(first);
    expect(await session.request('open', session.opening)).toEqual(first);
    expect(one.counts).toMatchObject({ sessions: 1, clientTransports: 2 });
    await leaveAll(session);
  });

  it('two sessions that open a room at once see each other', async () => {
    const room = newRoom();
    const names = Array.from({ length: 20 }, (_, at) => `p${at}`);
    const sessions = await Promise.all(
      names.map((name, at) => cluster.join(at % 2 === 0 ? one : two, room, name)),
    );
    expect(one.counts.sessions + two.counts.sessions).toBe(20);
    await leaveAll(...sessions);
  });

  it('a leave removes the participant, and the last one removes the room', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    await ann.leave();
    expect(await cluster.store.rooms.snapshot(room)).toMatchObject({
      participants: [{ identity: 'bob' }],
      tracks: [],
    });
    await expect(ann.leave()).rejects.toMatchObject({ code: 'SESSION_NOT_FOUND' });
    await leaveAll(bob);
    expect(await cluster.store.rooms.snapshot(room)).toBeUndefined();
  });

  it('the sessions of a participant that was placed again elsewhere end', async () => {
    const room = newRoom();
    const old = await cluster.join(one, room, 'ann');
    const again = await cluster.join(two, room, 'ann');
    await vi.waitFor(() =>
      expect(old.events).toContainEqual({ event: 'sessionClosed', data: { reason: 'superseded' } }),
    );
    expect((await cluster.store.rooms.snapshot(room))?.participants).toMatchObject([
      { sessionId: again.ref.sessionId },
    ]);
    await expect(old.request('restartIce', { direction: 'send' })).rejects.toMatchObject({
      code: 'SESSION_NOT_FOUND',
    });
    await leaveAll(again);
  });

  it('a repeated publish yields the same track', async () => {
    const ann = await cluster.join(one, newRoom(), 'ann');
    const rtpParameters = audioParameters({ ssrc: newSsrc() });
    const request = { trackId: 'mic', kind: 'audio', source: 'microphone', rtpParameters };
    const answers = await Promise.all([ann.request('publish', request), ann.request('publish', request)]);
    expect([...answers, await ann.request('publish', request)]).toEqual(
      [1, 2, 3].map(() => ({ trackId: 'mic' })),
    );
    expect(one.counts.tracks).toBe(1);
    await leaveAll(ann);
  });

  it('a publish fails when the store is down, and a leave is written once it is back', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    await cluster.redis.freeze();
    const rtpParameters = audioParameters({ ssrc: newSsrc() });
    await expect(ann.publishAudio('mic', rtpParameters)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(one.counts.tracks).toBe(0);
    await ann.leave();
    expect(one.counts.sessions).toBe(1);
    cluster.redis.thaw();
    const left = { participants: [{ identity: 'bob' }], tracks: [] };
    await vi.waitFor(async () => expect(await cluster.store.rooms.snapshot(room)).toMatchObject(left), {
      timeout: 10_000,
    });
    await leaveAll(bob);
  });

  it('a mute takes effect while the store is down, and shows once it is back', async () => {
    const room = newRoom();
    const ann = await cluster.join(one, room, 'ann');
    const bob = await cluster.join(one, room, 'bob');
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    await cluster.redis.freeze();
    await ann.request('setTrackMuted', { trackId: 'mic', muted: true });
    expect((await bob.request('subscribe', { trackId: 'mic' })).trackMuted).toBe(true);
    cluster.redis.thaw();
    const shown = async (): Promise<void> =>
      expect((await cluster.store.rooms.snapshot(room))?.tracks).toMatchObject([{ muted: true }]);
    await vi.waitFor(shown, { timeout: 10_000 });
    await leaveAll(ann, bob);
  });
});
