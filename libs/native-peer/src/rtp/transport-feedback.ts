const TRANSPORT_LAYER_FEEDBACK = 205;
const TRANSPORT_WIDE = 15;
const HEADER_BYTES = 20;
const SYMBOLS_PER_CHUNK = 7;
const VECTOR_OF_2_BITS = 0xc000;
const TICK_MS = 0.25;
const REFERENCE_MS = 64;
/** Packets per feedback; older ones are left out. */
const MAX_STATUSES = 500;
/** abs-send-time: 24 bits, 18 of them behind the point of a second. */
const SEND_TIME_MASK = 0xffffff;
const SEND_TICKS_PER_MS = 2 ** 18 / 1000;

const NOT_RECEIVED = 0;
const SMALL_DELTA = 1;
const LARGE_DELTA = 2;

interface Arrival {
  readonly sequence: number;
  readonly atMs: number;
}

/**
 * Tells the server which of its packets came (draft-holmer-rmcat-transport-wide-cc-extensions-01). As time of arrival it
 * tells the time at which the server sent (`abs-send-time`): the path is this machine's own, and the event loop's delays
 * must not pose as its congestion. Losses are reported as they are.
 */
export class TransportFeedback {
  #arrivals: Arrival[] = [];
  #last = -1;
  #next = -1;
  #sendTicks = -1;
  #lastSendTime = 0;
  #count = 0;

  /** `sendTime`: the 24 bits of `abs-send-time`. */
  record(sequence: number, sendTime: number): void {
    const step = this.#last < 0 ? 0 : ((sequence - this.#last) << 16) >> 16;
    const extended = this.#last < 0 ? sequence + 0x10000 : this.#last + step;
    if (this.#next < 0) this.#next = extended;
    this.#last = Math.max(this.#last, extended);
    if (this.#sendTicks < 0) this.#sendTicks = sendTime + SEND_TIME_MASK + 1;
    else this.#sendTicks += ((sendTime - this.#lastSendTime) << 8) >> 8;
    this.#lastSendTime = sendTime;
    this.#arrivals.push({ sequence: extended, atMs: this.#sendTicks / SEND_TICKS_PER_MS });
  }

  /** What came since the last feedback; `undefined` for nothing. */
  take(reporterSsrc: number, mediaSsrc: number): Buffer | undefined {
    const arrivals = this.#arrivals.filter(({ sequence }) => sequence >= this.#next);
    this.#arrivals = [];
    arrivals.sort((one, other) => one.sequence - other.sequence);
    const [first] = arrivals;
    if (!first) return undefined;
    const base = Math.max(this.#next, this.#last - MAX_STATUSES + 1);
    const statuses = this.#last - base + 1;
    this.#next = this.#last + 1;
    const reference = Math.floor(first.atMs / REFERENCE_MS);
    const { symbols, deltas } = encode(arrivals, base, statuses, reference * REFERENCE_MS);
    const packet = emptyPacket(statuses, deltas);
    packet.writeUInt32BE(reporterSsrc, 4);
    packet.writeUInt32BE(mediaSsrc, 8);
    packet.writeUInt16BE(base & 0xffff, 12);
    packet.writeUInt16BE(statuses, 14);
    packet.writeUIntBE(reference & 0xffffff, 16, 3);
    packet.writeUInt8(this.#count++ & 0xff, 19);
    let at = writeChunks(packet, symbols);
    for (const delta of deltas)
      at = isSmall(delta) ? packet.writeUInt8(delta, at) : packet.writeInt16BE(delta, at);
    return packet;
  }
}

function encode(arrivals: readonly Arrival[], base: number, statuses: number, referenceMs: number) {
  const symbols = new Uint8Array(statuses).fill(NOT_RECEIVED);
  const deltas: number[] = [];
  let ticks = Math.round(referenceMs / TICK_MS);
  for (const { sequence, atMs } of arrivals) {
    const index = sequence - base;
    // Too old, or a duplicate.
    if (index < 0 || symbols[index] !== NOT_RECEIVED) continue;
    const delta = clamp16(Math.round(atMs / TICK_MS) - ticks);
    ticks += delta;
    symbols[index] = isSmall(delta) ? SMALL_DELTA : LARGE_DELTA;
    deltas.push(delta);
  }
  return { symbols, deltas };
}

function emptyPacket(statuses: number, deltas: readonly number[]): Buffer {
  const chunks = Math.ceil(statuses / SYMBOLS_PER_CHUNK) * 2;
  const deltaBytes = deltas.reduce((sum, delta) => sum + (isSmall(delta) ? 1 : 2), 0);
  const words = Math.ceil((HEADER_BYTES + chunks + deltaBytes) / 4);
  const packet = Buffer.alloc(words * 4);
  packet.writeUInt8(0x80 | TRANSPORT_WIDE, 0);
  packet.writeUInt8(TRANSPORT_LAYER_FEEDBACK, 1);
  packet.writeUInt16BE(words - 1, 2);
  return packet;
}

function writeChunks(packet: Buffer, symbols: Uint8Array): number {
  let at = HEADER_BYTES;
  for (let start = 0; start < symbols.length; start += SYMBOLS_PER_CHUNK) {
    let chunk = VECTOR_OF_2_BITS;
    for (let index = 0; index < SYMBOLS_PER_CHUNK; index++)
      chunk |= (symbols[start + index] ?? NOT_RECEIVED) << (2 * (SYMBOLS_PER_CHUNK - 1 - index));
    at = packet.writeUInt16BE(chunk, at);
  }
  return at;
}

function isSmall(delta: number): boolean {
  return delta >= 0 && delta <= 0xff;
}

function clamp16(value: number): number {
  return Math.max(-0x8000, Math.min(0x7fff, value));
}
