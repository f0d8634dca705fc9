import { describe, expect, it } from 'vitest';
import { encodeFrame, FrameReader, opcodes } from './frames.ts';

/** As a server sends it: the client's frame without its mask. */
function served(opcode: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const head =
    bytes.length < 126
      ? Buffer.from([0x80 | opcode, bytes.length])
      : bytes.length < 65536
        ? Buffer.from([0x80 | opcode, 126, bytes.length >> 8, bytes.length & 0xff])
        : Buffer.concat([Buffer.from([0x80 | opcode, 127, 0, 0, 0, 0]), lengthOf(bytes)]);
  return Buffer.concat([head, bytes]);
}

function lengthOf(bytes: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return length;
}

describe('frames', () => {
  it('are read whatever the pieces they come in', () => {
    const texts = ['a', 'b'.repeat(125), 'c'.repeat(126), 'd'.repeat(70_000)];
    const stream = Buffer.concat(texts.map((text) => served(opcodes.text, text)));
    for (const size of [1000, 97, stream.length]) {
      const reader = new FrameReader();
      const read: string[] = [];
      for (let from = 0; from < stream.length; from += size) {
        for (const { payload } of reader.read(stream.subarray(from, from + size)))
          read.push(payload.toString());
      }
      expect(read).toEqual(texts);
    }
  });

  it('of a client are final, masked and tell their length', () => {
    expect([...encodeFrame(opcodes.text, 'hi')]).toEqual([0x81, 0x82, 0, 0, 0, 0, 104, 105]);
    expect([...encodeFrame(opcodes.text, 'x'.repeat(300)).subarray(0, 4)]).toEqual([0x81, 0xfe, 1, 44]);
  });
});
