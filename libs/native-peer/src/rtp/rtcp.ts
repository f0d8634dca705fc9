import { writeNtp } from './rtp-packet.ts';

const SENDER_REPORT = 200;
const RECEIVER_REPORT = 201;
const TRANSPORT_FEEDBACK = 205;
const NACK = 1;
const PAYLOAD_FEEDBACK = 206;
const PLI = 1;
const FIR = 4;
/** As many report blocks as the header can count. */
const MAX_BLOCKS = 31;
/** Packets that are asked for at once, at most; the rest is asked for next time. */
const MAX_ASKED = 64;

export interface SenderReport {
  readonly ssrc: number;
  readonly sentAtMs: number;
  readonly timestamp: number;
  readonly packets: number;
  readonly bytes: number;
}

/** RFC 3550 §6.4.1, without report blocks. */
export function senderReport({ ssrc, sentAtMs, timestamp, packets, bytes }: SenderReport): Buffer {
  const packet = rtcpPacket(SENDER_REPORT, 0, 28);
  packet.writeUInt32BE(ssrc, 4);
  writeNtp(packet, 8, sentAtMs);
  packet.writeUInt32BE(timestamp >>> 0, 16);
  packet.writeUInt32BE(packets >>> 0, 20);
  packet.writeUInt32BE(bytes >>> 0, 24);
  return packet;
}

/** What a receiver says of one stream; RFC 3550 §6.4.1. */
export interface ReportBlock {
  readonly ssrc: number;
  /** Of those since the last report, 0-1. */
  readonly fractionLost: number;
  readonly lost: number;
  readonly highestSequence: number;
  /** In timestamp units. */
  readonly jitter: number;
  /** The middle 32 bits of the last sender report's NTP time; 0 if there was none. */
  readonly lastReport: number;
  readonly sinceLastReportMs: number;
}

/** One receiver report for each 31 streams. */
export function receiverReports(reporterSsrc: number, blocks: readonly ReportBlock[]): Buffer[] {
  const packets: Buffer[] = [];
  for (let start = 0; start < blocks.length; start += MAX_BLOCKS)
    packets.push(receiverReport(reporterSsrc, blocks.slice(start, start + MAX_BLOCKS)));
  return packets;
}

function receiverReport(reporterSsrc: number, blocks: readonly ReportBlock[]): Buffer {
  const packet = rtcpPacket(RECEIVER_REPORT, blocks.length, 8 + blocks.length * 24);
  packet.writeUInt32BE(reporterSsrc, 4);
  blocks.forEach((block, index) => {
    const at = 8 + index * 24;
    packet.writeUInt32BE(block.ssrc, at);
    packet.writeUInt8(Math.min(255, Math.floor(block.fractionLost * 256)), at + 4);
    packet.writeIntBE(Math.max(-0x800000, Math.min(0x7fffff, block.lost)), at + 5, 3);
    packet.writeUInt32BE(block.highestSequence >>> 0, at + 8);
    packet.writeUInt32BE(Math.floor(block.jitter) >>> 0, at + 12);
    packet.writeUInt32BE(block.lastReport >>> 0, at + 16);
    packet.writeUInt32BE(block.lastReport ? Math.floor(block.sinceLastReportMs * 65.536) >>> 0 : 0, at + 20);
  });
  return packet;
}

/** What of a received compound matters to a peer. */
export interface RtcpHandlers {
  /** PLI (RFC 4585 §6.3.1) or FIR (RFC 5104 §4.3.1). */
  keyFrameAsked?(ssrc: number): void;
  /** NACK: a packet is missing; RFC 4585 §6.2.1. */
  packetAsked?(ssrc: number, sequence: number): void;
  /** `middle`: the middle 32 bits of its NTP time. */
  senderReport?(ssrc: number, middle: number): void;
}

/** Reads a compound packet up to the first malformed part. */
export function readRtcp(packet: Buffer, handlers: RtcpHandlers): void {
  for (let at = 0; at + 8 <= packet.length;) {
    const end = at + 4 + packet.readUInt16BE(at + 2) * 4;
    if (end > packet.length) return;
    const format = (packet[at] ?? 0) & 0x1f;
    const type = packet[at + 1] ?? 0;
    if (type === SENDER_REPORT && end >= at + 28)
      handlers.senderReport?.(packet.readUInt32BE(at + 4), packet.readUInt32BE(at + 10));
    if (type === PAYLOAD_FEEDBACK && format === PLI && end >= at + 12)
      handlers.keyFrameAsked?.(packet.readUInt32BE(at + 8));
    if (type === PAYLOAD_FEEDBACK && format === FIR)
      for (let entry = at + 12; entry + 8 <= end; entry += 8)
        handlers.keyFrameAsked?.(packet.readUInt32BE(entry));
    if (type === TRANSPORT_FEEDBACK && format === NACK)
      for (let entry = at + 12; entry + 4 <= end; entry += 4) readNack(packet, at, entry, handlers);
    at = end;
  }
}

/** A sequence number, and 16 bits for those that follow it. */
function readNack(packet: Buffer, at: number, entry: number, handlers: RtcpHandlers): void {
  const first = packet.readUInt16BE(entry);
  const following = packet.readUInt16BE(entry + 2);
  for (let bit = -1; bit < 16; bit++)
    if (bit < 0 || following & (1 << bit))
      handlers.packetAsked?.(packet.readUInt32BE(at + 8), (first + bit + 1) & 0xffff);
}

/** PLI: asks for a key frame of `ssrc`; RFC 4585 §6.3.1. */
export function keyFrameRequest(reporterSsrc: number, ssrc: number): Buffer {
  const packet = rtcpPacket(PAYLOAD_FEEDBACK, PLI, 12);
  packet.writeUInt32BE(reporterSsrc, 4);
  packet.writeUInt32BE(ssrc, 8);
  return packet;
}

/** NACK: asks for these packets of `ssrc` again; RFC 4585 §6.2.1. */
export function packetRequest(reporterSsrc: number, ssrc: number, sequences: readonly number[]): Buffer {
  const asked = sequences.slice(0, MAX_ASKED);
  const packet = rtcpPacket(TRANSPORT_FEEDBACK, NACK, 12 + asked.length * 4);
  packet.writeUInt32BE(reporterSsrc, 4);
  packet.writeUInt32BE(ssrc, 8);
  asked.forEach((sequence, index) => packet.writeUInt32BE((sequence << 16) >>> 0, 12 + index * 4));
  return packet;
}

function rtcpPacket(type: number, count: number, bytes: number): Buffer {
  const packet = Buffer.alloc(bytes);
  packet.writeUInt8(0x80 | count, 0);
  packet.writeUInt8(type, 1);
  packet.writeUInt16BE(bytes / 4 - 1, 2);
  return packet;
}
