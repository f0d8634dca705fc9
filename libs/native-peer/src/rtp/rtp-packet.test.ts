import { describe, expect, it } from 'vitest';
import {
  extensionOffset,
  isRtcp,
  payloadOffset,
  readNtp,
  SENT_HEADER_BYTES,
  writePacketHeader,
  writeStreamHeader,
} from './rtp-packet.ts';

const SENT_AT_MS = 3_900_000_000_123.25;

function packet(): Buffer {
  const made = Buffer.alloc(SENT_HEADER_BYTES + 4, 0xee);
  writeStreamHeader(made, {
    ...{ ssrc: 0xdeadbeef, payloadType: 101, extensions: { transportSequenceId: 5, captureTimeId: 10 } },
  });
  writePacketHeader(made, {
    ...{ payloadType: 101, marker: true, sequence: 0xfffe, timestamp: 0x80000001 },
    ...{ transportSequence: 513, sentAtMs: SENT_AT_MS },
  });
  return made;
}

describe('a sent packet', () => {
  it('is RTP with its fields where RFC 3550 has them', () => {
    const made = packet();
    expect([made[0], made[1]]).toEqual([0x90, 0x80 | 101]);
    expect([made.readUInt16BE(2), made.readUInt32BE(4), made.readUInt32BE(8)]).toEqual([
      ...[0xfffe, 0x80000001, 0xdeadbeef],
    ]);
    expect(payloadOffset(made)).toBe(SENT_HEADER_BYTES);
  });

  it('carries its transport-wide number and the time at which it was sent', () => {
    const made = packet();
    expect(made.readUInt16BE(extensionOffset(made, 5))).toBe(513);
    expect(readNtp(made, extensionOffset(made, 10))).toBeCloseTo(SENT_AT_MS, 2);
    expect(extensionOffset(made, 3)).toBe(-1);
  });
});

it('extensions are found behind padding, and none where there is no extension header', () => {
  const padded = Buffer.from([0x90, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0xbe, 0xde, 0, 1, 0, 0x40, 7, 0, 1]);
  expect(extensionOffset(padded, 4)).toBe(18);
  const plain = Buffer.from([0x80, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x40, 7]);
  expect(extensionOffset(plain, 4)).toBe(-1);
  expect(payloadOffset(plain)).toBe(12);
});

it('RTCP is distinguished from RTP, also with a marker', () => {
  expect([200, 206, 96, 0x80 | 101].map((type) => isRtcp(Buffer.from([0x80, type])))).toEqual([
    ...[true, true, false, false],
  ]);
});
