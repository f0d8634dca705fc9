import fc from 'fast-check';
import { expect, it } from 'vitest';
import { isVp8KeyFrame, packetizeVp8, VP8_DESCRIPTOR_BYTES, vp8Start, writeVp8Counters } from './vp8.ts';

const KEY = Uint8Array.of(0x10, 1, 2);
const DELTA = Uint8Array.of(0x11, 1, 2);

it('a frame is split into bounded payloads that reassemble it, the first marked as its start', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 5000 }), (frame) => {
      const payloads = packetizeVp8(frame);
      const whole = payloads.flatMap((payload) => [...payload.subarray(VP8_DESCRIPTOR_BYTES)]);
      expect(whole).toEqual([...frame]);
      expect(Math.max(...payloads.map(({ length }) => length))).toBeLessThanOrEqual(1126);
      expect(payloads.map((payload) => vp8Start(payload, 0) !== 'none')).toEqual(
        payloads.map((_, at) => at === 0),
      );
    }),
  );
});

it('tells key frames from others, as a frame and as a payload', () => {
  expect([KEY, DELTA].map(isVp8KeyFrame)).toEqual([true, false]);
  expect([KEY, DELTA].map((frame) => vp8Start(packetizeVp8(frame)[0] ?? KEY, 0))).toEqual([
    'key-frame',
    'frame',
  ]);
});

it('payloads without extension, with a short picture id or of a later partition are parsed', () => {
  expect(vp8Start(Uint8Array.of(0x10, 0x10), 0)).toBe('key-frame');
  expect(vp8Start(Uint8Array.of(0x90, 0x80, 0x05, 0x11), 0)).toBe('frame');
  expect(vp8Start(Uint8Array.of(0x11, 0x10), 0)).toBe('none');
});

it('writes the picture id with its 15 bits and the layer index with 8', () => {
  const packet = Buffer.from(packetizeVp8(KEY)[0] ?? []);
  writeVp8Counters(packet, 0, 0x7abc, 0x1ff);
  expect([...packet.subarray(2, 5)]).toEqual([0x80 | 0x7a, 0xbc, 0xff]);
});
