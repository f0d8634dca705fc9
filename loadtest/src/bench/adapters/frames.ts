/** RFC 6455 §5.2, the operations that occur between a gateway and its clients. */
export const opcodes = { text: 1, close: 8, ping: 9, pong: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: Buffer;
}

const MASK_BIT = 0x80;
const FINAL_BIT = 0x80;
const LENGTH_16 = 126;
const LENGTH_64 = 127;

/**
 * A client's frame. Clients must mask (RFC 6455 §5.3), which protects proxies from chosen bytes; the mask is zero here,
 * as there are none on the loopback and thousands of clients share one core.
 */
export function encodeFrame(opcode: number, payload: string): Buffer {
  const bytes = Buffer.from(payload);
  const extended = bytes.length >= LENGTH_16 ? 2 : 0;
  if (bytes.length > 0xffff) throw new Error('a frame of more than 64 KiB is more than a gateway takes');
  const frame = Buffer.alloc(2 + extended + 4 + bytes.length);
  frame[0] = FINAL_BIT | opcode;
  frame[1] = MASK_BIT | (extended ? LENGTH_16 : bytes.length);
  if (extended) frame.writeUInt16BE(bytes.length, 2);
  bytes.copy(frame, 2 + extended + 4);
  return frame;
}

/** Cuts what a server sends into frames. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** Whole frames that `chunk` completes, in order. */
  read(chunk: Buffer): Frame[] {
    this.#rest = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    const frames: Frame[] = [];
    for (let next = frameAt(this.#rest); next; next = frameAt(this.#rest)) {
      frames.push(next.frame);
      this.#rest = this.#rest.subarray(next.end);
    }
    return frames;
  }
}

function frameAt(bytes: Buffer): { readonly frame: Frame; readonly end: number } | undefined {
  const [first, second] = bytes;
  if (first === undefined || second === undefined) return undefined;
  const start = second === LENGTH_16 ? 4 : second === LENGTH_64 ? 10 : 2;
  if (bytes.length < start) return undefined;
  const length =
    second === LENGTH_16
      ? bytes.readUInt16BE(2)
      : second === LENGTH_64
        ? Number(bytes.readBigUInt64BE(2))
        : second;
  const end = start + length;
  if (bytes.length < end) return undefined;
  return { frame: { opcode: first & 0x0f, payload: bytes.subarray(start, end) }, end };
}
