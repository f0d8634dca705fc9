/** RTP (RFC 3550) with one-byte header extensions (RFC 8285), read and written in place. */

/** Fixed header, extension header, transport-wide sequence number (3 bytes), capture time (9 bytes). */
export const SENT_HEADER_BYTES = 28;
const ONE_BYTE_PROFILE = 0xbede;
const FRACTIONS_PER_MS = 2 ** 32 / 1000;

/** Where the extensions of sent packets are declared; both are always sent. */
export interface SentExtensions {
  readonly transportSequenceId: number;
  readonly captureTimeId: number;
}

/** Writes what stays the same in all packets of one stream. */
export function writeStreamHeader(
  packet: Buffer,
  stream: { readonly ssrc: number; readonly payloadType: number; readonly extensions: SentExtensions },
): void {
  const { ssrc, payloadType, extensions } = stream;
  packet[0] = 0x90;
  packet[1] = payloadType;
  packet.writeUInt32BE(ssrc, 8);
  packet.writeUInt16BE(ONE_BYTE_PROFILE, 12);
  packet.writeUInt16BE(3, 14);
  packet[16] = (extensions.transportSequenceId << 4) | 1;
  packet[19] = (extensions.captureTimeId << 4) | 7;
}

/** Writes what differs from packet to packet. `sentAtMs`: on the machine's clock. */
export function writePacketHeader(
  packet: Buffer,
  fields: {
    payloadType: number;
    marker: boolean;
    sequence: number;
    timestamp: number;
    transportSequence: number;
    sentAtMs: number;
  },
): void {
  packet[1] = fields.marker ? fields.payloadType | 0x80 : fields.payloadType;
  packet.writeUInt16BE(fields.sequence, 2);
  packet.writeUInt32BE(fields.timestamp, 4);
  packet.writeUInt16BE(fields.transportSequence, 17);
  writeNtp(packet, 20, fields.sentAtMs);
}

/** A time as NTP's 64-bit fixed point. */
export function writeNtp(packet: Buffer, offset: number, ms: number): void {
  const seconds = Math.floor(ms / 1000);
  packet.writeUInt32BE(seconds >>> 0, offset);
  packet.writeUInt32BE(Math.floor((ms - seconds * 1000) * FRACTIONS_PER_MS) >>> 0, offset + 4);
}

export function readNtp(packet: Buffer, offset: number): number {
  return packet.readUInt32BE(offset) * 1000 + packet.readUInt32BE(offset + 4) / FRACTIONS_PER_MS;
}

/** RFC 5761 §4: packet types 192-223 are RTCP. */
export function isRtcp(packet: Buffer): boolean {
  const type = packet[1] ?? 0;
  return type >= 192 && type <= 223;
}

/** Where the payload begins. */
export function payloadOffset(packet: Buffer): number {
  const first = packet[0] ?? 0;
  const fixed = 12 + (first & 0x0f) * 4;
  return first & 0x10 ? fixed + 4 + packet.readUInt16BE(fixed + 2) * 4 : fixed;
}

/** Where the data of a header extension begins, or -1. Only one-byte extensions are looked at. */
export function extensionOffset(packet: Buffer, id: number): number {
  const first = packet[0] ?? 0;
  if ((first & 0x10) === 0 || id === 0) return -1;
  let at = 12 + (first & 0x0f) * 4;
  if (packet.readUInt16BE(at) !== ONE_BYTE_PROFILE) return -1;
  const end = Math.min(packet.length, at + 4 + packet.readUInt16BE(at + 2) * 4);
  for (at += 4; at < end;) {
    const head = packet[at] ?? 0;
    // A byte of padding.
    if (head === 0) at++;
    else if (head >> 4 === id) return at + 1;
    else at += 2 + (head & 0x0f);
  }
  return -1;
}
