import { describe, expect, it } from 'vitest';
import { StreamMeter, type PacketFacts } from './stream-meter.ts';

const AUDIO = 48_000;
const FRAME_MS = 20;

function audio(sequence: number): PacketFacts {
  return {
    sequence: sequence & 0xffff,
    timestamp: (sequence * 960) >>> 0,
    bytes: 100,
    marker: false,
    start: 'none',
  };
}

/** Receives these sequence numbers, each at its time. */
function received(sequences: readonly number[], meter = new StreamMeter(AUDIO)): StreamMeter {
  for (const sequence of sequences) meter.packet(audio(sequence), sequence * FRAME_MS);
  return meter;
}

describe('loss', () => {
  it('is what is missing between the first and the highest sequence number', () => {
    const taken = received([10, 11, 14, 15]).take(300);
    expect(taken).toMatchObject({ packets: 4, lost: 2, duplicates: 0, bytes: 400 });
  });

  it('is counted over the wrap of sequence numbers', () => {
    expect(received([65_533, 65_534, 65_536, 65_537]).take(0)).toMatchObject({ packets: 4, lost: 1 });
  });

  it('is taken back when the packet comes late', () => {
    const meter = received([1, 2, 4]);
    expect(meter.take(80).lost).toBe(1);
    meter.packet(audio(3), 90);
    expect(meter.take(100)).toMatchObject({ lost: -1, packets: 1 });
  });

  it('is not made up for by duplicates', () => {
    expect(received([1, 2, 2, 2, 4]).take(80)).toMatchObject({ lost: 1, duplicates: 2, packets: 3 });
  });

  it('before a restart of the stream stays counted, and the restart is none', () => {
    const meter = received([1, 3]);
    received([20_000, 20_001, 20_003], meter);
    expect(meter.take(0)).toMatchObject({ packets: 5, lost: 2 });
  });

  it('is reported per receiver report since the previous one', () => {
    const meter = received([1, 2, 3, 5]);
    expect(meter.report()).toMatchObject({ fractionLost: 0.2, lost: 1 });
    received([6, 7], meter);
    expect(meter.report()).toMatchObject({ fractionLost: 0, lost: 1 });
  });
});

describe('time', () => {
  it('without a packet is a gap, also while it lasts', () => {
    const meter = received([1, 2, 10]);
    expect(meter.take(10 * FRAME_MS).gapMs).toBe(8 * FRAME_MS);
    expect(meter.take(10 * FRAME_MS + 500).gapMs).toBe(500);
  });

  it('while nothing is expected is no gap', () => {
    const meter = received([1, 2]);
    meter.rest();
    meter.take(5000);
    received([500], meter);
    expect(meter.take(500 * FRAME_MS).gapMs).toBe(0);
  });

  it('between packets as between their timestamps is no jitter', () => {
    expect(received(Array.from({ length: 50 }, (_, index) => index)).take(1000).jitterMs).toBe(0);
  });

  it('that changes from packet to packet is jitter', () => {
    const meter = new StreamMeter(AUDIO);
    for (let index = 0; index < 200; index++) meter.packet(audio(index), index * FRAME_MS + (index % 2) * 4);
    expect(meter.take(4000).jitterMs).toBeCloseTo(4, 1);
  });

  it('of a timeline that jumps, as at a switch of layers, is not jitter', () => {
    const meter = new StreamMeter(AUDIO);
    for (let index = 0; index < 200; index++) {
      const { timestamp, ...facts } = audio(index);
      const jump = index < 100 ? 0 : 48 * AUDIO;
      meter.packet({ ...facts, timestamp: (timestamp + jump) >>> 0 }, index * FRAME_MS + (index % 2) * 4);
    }
    expect(meter.take(4000).jitterMs).toBeCloseTo(4, 1);
    expect(meter.report().jitter / AUDIO).toBeCloseTo(0.004, 4);
  });

  it('of a stream that begins again is not jitter, and a delay of less than a second is', () => {
    const restarted = received([1, 2]);
    for (const sequence of [20_000, 20_001])
      restarted.packet(audio(sequence), (sequence - 19_990) * FRAME_MS);
    expect(restarted.take(1000).jitterMs).toBe(0);
    const delayed = received([1, 2]);
    delayed.packet(audio(3), 3 * FRAME_MS + 800);
    expect(delayed.take(1000).jitterMs).toBe(50);
  });
});

describe('frames', () => {
  const video = (sequence: number, start: PacketFacts['start'], marker: boolean): PacketFacts => ({
    ...{ sequence, timestamp: 0, bytes: 1000, marker, start },
  });

  it('are decodable from a whole key frame on, until a packet is missing', () => {
    const meter = new StreamMeter(90_000);
    const came = [
      video(1, 'frame', true),
      video(2, 'key-frame', false),
      video(3, 'none', true),
      video(4, 'frame', true),
      video(6, 'frame', true),
      video(7, 'key-frame', true),
    ].map((facts, index) => meter.packet(facts, index));
    expect(came).toEqual(['nothing', 'nothing', 'key-frame', 'frame', 'nothing', 'key-frame']);
    expect(meter.take(10)).toMatchObject({ frames: 3, keyFrames: 2, lost: 1 });
  });
});
