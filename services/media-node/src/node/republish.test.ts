import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { MediaNode } from './media-node.ts';
import { TestCluster, type TestSession } from '../testing/cluster.ts';
import { audioParameters, videoParameters } from '../testing/rtp-parameters.ts';

let cluster: TestCluster;
let one: MediaNode;
let two: MediaNode;
let ann: TestSession;
let room: string;
let rooms = 0;
let ssrcs = 7000;
const newSsrc = (): number => ++ssrcs;

beforeAll(async () => {
  cluster = await TestCluster.start();
  [one, two] = await Promise.all([cluster.addNode({ nodeId: 'one' }), cluster.addNode({ nodeId: 'two' })]);
});
beforeEach(async () => {
  room = `room ${++rooms}`;
  ann = await cluster.join(one, room, 'ann');
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

let sent = 0;

/** Sends packets of a stream until `arrived` holds. */
async function sendUntil(ssrc: number, arrived: () => boolean, kind: 'audio' | 'video'): Promise<void> {
  const [payloadType, payload] =
    kind === 'audio'
      ? [111, Buffer.alloc(60, 1)]
      : // A VP8 key frame (RFC 7741 §4.2, §4.3).
        [96, Buffer.from([0x10, 0x00, 0x00, 0x00, 0x9d, 0x01, 0x2a, 0, 1, 0, 1])];
  await vi.waitFor(
    () => {
      sent++;
      cluster.engine.inject(ssrc, { payloadType, sequenceNumber: sent, timestamp: 960 * sent, payload });
      expect(arrived()).toBe(true);
    },
    { interval: 10, timeout: 5000 },
  );
}

const closings = (session: TestSession): unknown[] =>
  session.events.filter((event) => (event as { event: string }).event === 'subscriptionClosed');

describe('a track that is published again', () => {
  it('a repeated publish with the same streams changes nothing', async () => {
    const bob = await cluster.join(one, room, 'bob');
    const parameters = audioParameters({ ssrc: newSsrc(), mid: '0' });
    await ann.publishAudio('mic', parameters);
    await bob.watch('mic');
    expect(await ann.publishAudio('mic', parameters)).toEqual({ trackId: 'mic' });
    expect(closings(bob)).toEqual([]);
  });

  it.each(['one', 'two'])(
    'a publish with other streams, as after a lost answer, reaches a viewer on node %s',
    async (nodeId) => {
      const bob = await cluster.join(nodeId === 'one' ? one : two, room, 'bob');
      const [lost, kept] = [newSsrc(), newSsrc()];
      await ann.publishAudio('mic', audioParameters({ ssrc: lost, mid: '0' }));
      await ann.publishAudio('mic', audioParameters({ ssrc: kept, mid: '1' }));
      const subscription = await bob.watch('mic');
      await sendUntil(kept, () => bob.received(subscription).length > 0, 'audio');
    },
  );

  it.each(['one', 'two'])(
    'a publish with other layers reaches a viewer on node %s without a gap',
    async (nodeId) => {
      const bob = await cluster.join(nodeId === 'one' ? one : two, room, 'bob');
      const small = newSsrc();
      await ann.publishVideo('cam', videoParameters({ ssrcs: [small], mid: '0' }));
      const before = await bob.watch('cam');
      expect(before.type).toBe('simple');
      await sendUntil(small, () => bob.received(before).length > 0, 'video');
      const large = [newSsrc(), newSsrc(), newSsrc()];
      await ann.publishVideo('cam', videoParameters({ ssrcs: large, mid: '1', scalabilityMode: 'L1T3' }));
      await vi.waitFor(() =>
        expect(closings(bob)).toMatchObject([
          { data: { subscriptionId: before.subscriptionId, reason: 'source-replaced' } },
        ]),
      );
      const { length } = bob.received(before);
      await sendUntil(small, () => bob.received(before).length > length, 'video');
      const after = await bob.request('subscribe', { trackId: 'cam', preferredLayers: { spatialLayer: 7 } });
      expect(after.type).toBe('simulcast');
      const { subscriptionId } = after;
      await bob.request('updateSubscriptions', { updates: [{ subscriptionId, paused: false }] });
      await sendUntil(large[0]!, () => bob.received(after).length > 0, 'video');
      const { tracks } = (await cluster.store.rooms.snapshot(room))!;
      expect(tracks).toMatchObject([{ trackId: 'cam', spatialLayers: 3, temporalLayers: 3 }]);
      expect(closings(bob)).toHaveLength(1);
    },
  );

  it('a publish with earlier streams closes those first', async () => {
    const [one, other] = [newSsrc(), newSsrc()];
    await ann.publishAudio('mic', audioParameters({ ssrc: one, mid: '0' }));
    await ann.publishAudio('mic', audioParameters({ ssrc: other, mid: '0' }));
    await ann.publishAudio('mic', audioParameters({ ssrc: one, mid: '1' }));
    const bob = await cluster.join(two, room, 'bob');
    const subscription = await bob.watch('mic');
    await sendUntil(one, () => bob.received(subscription).length > 0, 'audio');
  });

  it('a republished track keeps its mute, and a mute in between', async () => {
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc(), mid: '0' }));
    await ann.request('setTrackMuted', { trackId: 'mic', muted: true });
    await ann.publishAudio('mic', audioParameters({ ssrc: newSsrc(), mid: '1' }));
    expect((await cluster.store.rooms.snapshot(room))!.tracks).toMatchObject([{ muted: true }]);
  });

  it('a republish with another kind or a foreign stream is refused and changes nothing', async () => {
    const ssrc = newSsrc();
    await ann.publishAudio('mic', audioParameters({ ssrc, mid: '0' }));
    await ann.publishAudio('second', audioParameters({ ssrc: newSsrc(), mid: '1' }));
    const asVideo = ann.publishVideo('mic', videoParameters({ ssrcs: [newSsrc()], mid: '2' }));
    await expect(asVideo).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
      details: { field: 'data.kind' },
    });
    const taken = ann.publishAudio('mic', audioParameters({ ssrc: newSsrc(), mid: '1' }));
    await expect(taken).rejects.toMatchObject({ code: 'RTP_PARAMETERS_REJECTED' });
    const bob = await cluster.join(one, room, 'bob');
    const subscription = await bob.watch('mic');
    await sendUntil(ssrc, () => bob.received(subscription).length > 0, 'audio');
  });
});

describe('a track that is unpublished', () => {
  it('a track that is unpublished while it is being published leaves the room', async () => {
    const publishing = ann.publishAudio('mic', audioParameters({ ssrc: newSsrc() }));
    await ann.request('unpublish', { trackId: 'mic' });
    await publishing.catch(() => undefined);
    expect((await cluster.store.rooms.snapshot(room))!.tracks).toEqual([]);
  });
});
