import { packetizeVp8, isVp8KeyFrame } from '../rtp/vp8.ts';

/** What one packet carries after its RTP header. */
export interface ClipPacket {
  readonly payload: Uint8Array;
  /** The last one of its frame. */
  readonly marker: boolean;
}

export interface ClipFrame {
  readonly packets: readonly ClipPacket[];
  readonly isKey: boolean;
}

/** An encoded stream, cut into packets once for all who send it. It is sent in a loop. */
export interface Clip {
  readonly kind: 'audio' | 'video';
  readonly frames: readonly ClipFrame[];
  readonly frameMs: number;
  /** RTP timestamp units per frame. */
  readonly ticksPerFrame: number;
  readonly bitrateBps: number;
}

/** All that peers send. */
export interface Clips {
  readonly audio: Clip;
  /** Simulcast encodings, lowest first. */
  readonly video: readonly Clip[];
}

const VIDEO_CLOCK = 90_000;
const AUDIO_CLOCK = 48_000;
const AUDIO_FRAME_MS = 20;

export function videoClip(frames: readonly Uint8Array[], framesPerSecond: number): Clip {
  const [first] = frames;
  if (!first || !isVp8KeyFrame(first)) throw new Error('a clip must begin with a key frame');
  return clip('video', frames.map(videoFrame), 1000 / framesPerSecond, VIDEO_CLOCK);
}

export function audioClip(packets: readonly Uint8Array[]): Clip {
  if (packets.length === 0) throw new Error('a clip must not be empty');
  const frames = packets.map((payload) => ({ packets: [{ payload, marker: false }], isKey: true }));
  return clip('audio', frames, AUDIO_FRAME_MS, AUDIO_CLOCK);
}

/** The index of the first key frame at or after `index`, going round. */
export function nextKeyFrame({ frames }: Clip, index: number): number {
  for (let step = 0; step < frames.length; step++) {
    const at = (index + step) % frames.length;
    if (frames[at]?.isKey) return at;
  }
  return 0;
}

/** The index of the first frame at or after `index` that is no key frame, going round. */
export function nextDeltaFrame({ frames }: Clip, index: number): number {
  for (let step = 0; step < frames.length; step++) {
    const at = (index + step) % frames.length;
    if (frames[at]?.isKey === false) return at;
  }
  return index % frames.length;
}

function videoFrame(frame: Uint8Array): ClipFrame {
  const payloads = packetizeVp8(frame);
  const packets = payloads.map((payload, at) => ({ payload, marker: at === payloads.length - 1 }));
  return { packets, isKey: isVp8KeyFrame(frame) };
}

function clip(kind: Clip['kind'], frames: readonly ClipFrame[], frameMs: number, clockRate: number): Clip {
  const bytes = frames
    .flatMap(({ packets }) => packets)
    .reduce((sum, { payload }) => sum + payload.length, 0);
  return {
    kind,
    frames,
    frameMs,
    ticksPerFrame: Math.round((frameMs * clockRate) / 1000),
    bitrateBps: (bytes * 8 * 1000) / (frames.length * frameMs),
  };
}
