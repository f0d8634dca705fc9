import { describe, expect, it } from 'vitest';
import { audioClip, nextDeltaFrame, nextKeyFrame, videoClip } from './clip.ts';
import { parseIvf } from './ivf.ts';
import { parseOggOpus } from './ogg.ts';

const key = Uint8Array.of(0x10, 0);
const delta = Uint8Array.of(0x11, 0);

function ivf(frames: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(32);
  header.write('DKIF', 0, 'latin1');
  header.writeUInt16LE(32, 6);
  header.write('VP80', 8, 'latin1');
  header.writeUInt32LE(30, 16);
  header.writeUInt32LE(1, 20);
  const parts = frames.flatMap((frame) => {
    const head = Buffer.alloc(12);
    head.writeUInt32LE(frame.length, 0);
    return [head, frame];
  });
  return Buffer.concat([header, ...parts]);
}

function oggPage(lacing: readonly number[], data: Buffer): Buffer {
  const head = Buffer.alloc(27);
  head.write('OggS', 0, 'latin1');
  head.writeUInt8(lacing.length, 26);
  return Buffer.concat([head, Buffer.from(lacing), data]);
}

describe('files', () => {
  it('of video are read frame by frame', () => {
    const { frames, framesPerSecond, fourcc } = parseIvf(ivf([key, delta]));
    expect(frames.map((frame) => [...frame])).toEqual([[...key], [...delta]]);
    expect({ framesPerSecond, fourcc }).toEqual({ framesPerSecond: 30, fourcc: 'VP80' });
  });

  it('of audio are read packet by packet, also those that go over pages', () => {
    const pages = [
      oggPage([8, 4], Buffer.from('OpusHeadTags')),
      oggPage([2, 255], Buffer.concat([Buffer.from('ab'), Buffer.alloc(255, 'c')])),
      oggPage([3], Buffer.from('ccc')),
    ];
    const packets = parseOggOpus(Buffer.concat(pages));
    expect(packets.map(({ length }) => length)).toEqual([2, 258]);
  });

  it.each([
    ['something else', Buffer.alloc(40)],
    ['half a file', ivf([key]).subarray(0, 45)],
  ])('with %s are refused', (_what, file) => expect(() => parseIvf(file)).toThrow(/IVF/));
});

describe('a clip', () => {
  const clip = videoClip([key, delta, delta, key, delta], 25);

  it('of video knows where its next key frame is, going round', () => {
    expect([0, 1, 3, 4].map((from) => nextKeyFrame(clip, from))).toEqual([0, 3, 3, 0]);
  });

  it('of video knows where its next frame is that is no key frame, going round', () => {
    expect([0, 2, 3, 4].map((from) => nextDeltaFrame(clip, from))).toEqual([1, 2, 4, 4]);
    expect(nextDeltaFrame(videoClip([key, delta, key], 25), 2)).toBe(1);
  });

  it('has the pace of its frames', () => {
    expect(clip).toMatchObject({ frameMs: 40, ticksPerFrame: 3600 });
    expect(audioClip([Uint8Array.of(1)])).toMatchObject({ frameMs: 20, ticksPerFrame: 960 });
  });

  it('marks the last packet of each frame', () => {
    const [frame] = videoClip([Buffer.alloc(3000)], 30).frames;
    expect(frame?.packets.map(({ marker }) => marker)).toEqual([false, false, true]);
  });
});
