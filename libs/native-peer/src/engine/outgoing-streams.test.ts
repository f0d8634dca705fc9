import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { PeerMeter } from '../measures/peer-meter.ts';
import { audioClip, videoClip } from '../media/clip.ts';
import { Pacer } from '../media/pacer.ts';
import { keyFrameRequest } from '../rtp/rtcp.ts';
import { isRtcp, payloadOffset } from '../rtp/rtp-packet.ts';
import { vp8Start } from '../rtp/vp8.ts';
import { OutgoingStreams } from './outgoing-streams.ts';
import type { PeerWorld } from './world.ts';

const FRAME_MS = 40;
const SSRCS = [11, 12];

/** A key frame every 10 frames, that is 400 ms. */
function setUp(keyFramesWhenAsked: boolean) {
  const clock = new FakeClock();
  const frames = Array.from({ length: 10 }, (_, at) => Uint8Array.of(at === 0 ? 0x10 : 0x11, 0));
  const clip = videoClip(frames, 1000 / FRAME_MS);
  const world: Partial<PeerWorld> = {
    ...{ clock, pacer: new Pacer(clock), meter: new PeerMeter(), random: () => 0, repairsLoss: false },
    clips: { audio: audioClip([Uint8Array.of(1)]), video: [clip, clip] },
    machineMs: () => clock.monotonicMs(),
  };
  const keyFrames = new Map<number, number>(SSRCS.map((ssrc) => [ssrc, 0]));
  const sending = new OutgoingStreams(world as PeerWorld, (packet) => {
    if (isRtcp(packet) || vp8Start(packet, payloadOffset(packet)) !== 'key-frame') return true;
    const ssrc = packet.readUInt32BE(8);
    keyFrames.set(ssrc, (keyFrames.get(ssrc) ?? 0) + 1);
    return true;
  });
  sending.start({ trackId: 'cam', kind: 'video', ssrcs: SSRCS, lowestClip: 0, keyFramesWhenAsked });
  return {
    clock,
    ask: (ssrc: number) => sending.packet(keyFrameRequest(1, ssrc)),
    get keyFrames() {
      return [...keyFrames.values()];
    },
  };
}

describe('a video whose key frames are asked for', () => {
  it('sends none after the first until a request, then one in each encoding', async () => {
    const video = setUp(true);
    await video.clock.advance(5000);
    expect(video.keyFrames).toEqual([1, 1]);
    video.ask(12);
    await video.clock.advance(5000);
    expect(video.keyFrames).toEqual([2, 2]);
  });

  it('drops what is asked for within 300 ms of a request that it met, for any encoding', async () => {
    const video = setUp(true);
    await video.clock.advance(1000);
    video.ask(11);
    await video.clock.advance(2 * FRAME_MS);
    video.ask(11);
    video.ask(12);
    await video.clock.advance(1000);
    expect(video.keyFrames).toEqual([2, 2]);
  });
});

it('by default a video sends the key frames of its clip, and one per request of an encoding', async () => {
  const video = setUp(false);
  await video.clock.advance(400 + FRAME_MS);
  expect(video.keyFrames).toEqual([2, 2]);
  video.ask(11);
  await video.clock.advance(FRAME_MS);
  expect(video.keyFrames).toEqual([3, 2]);
});
