import type { Random } from '@skein/runtime';
import { senderReport } from '../rtp/rtcp.ts';
import {
  SENT_HEADER_BYTES,
  writePacketHeader,
  writeStreamHeader,
  type SentExtensions,
} from '../rtp/rtp-packet.ts';
import { writeVp8Counters } from '../rtp/vp8.ts';
import { nextDeltaFrame, nextKeyFrame, type Clip, type ClipFrame, type ClipPacket } from './clip.ts';
import type { Paced } from './pacer.ts';
import { SentPackets } from './sent-packets.ts';

/** A packet that leaves later than this is counted as late: then the tool is too slow. */
export const LATE_MS = 10;
const SENDER_REPORT_EVERY_MS = 1000;
const MAX_PACKET_BYTES = 1500;

/** What streams of one peer share, and where their packets go. */
export interface OutgoingPath {
  readonly extensions: SentExtensions;
  /** False when the packet could not be sent. */
  send(packet: Buffer): boolean;
  nextTransportSequence(): number;
  /** The machine's clock, for stamps. */
  machineMs(): number;
  sent(bytes: number, late: boolean): void;
}

export interface StreamPlan {
  readonly ssrc: number;
  readonly payloadType: number;
  readonly clip: Clip;
  readonly path: OutgoingPath;
  readonly random: Random;
  readonly startMs: number;
  /** Leaves out the clip's key frames but the first and those that are skipped to. */
  readonly keyFramesWhenAsked: boolean;
}

// Where packets are put together: one at a time in the process, copied by `send`. Views of every length are kept, so
// that sending makes no garbage.
const scratch = Buffer.alloc(MAX_PACKET_BYTES);
const views: (Buffer | undefined)[] = [];

function viewOf(bytes: number): Buffer {
  return (views[bytes] ??= scratch.subarray(0, bytes));
}

/** One SSRC: sends a clip in a loop, at its pace, with sender reports. Begins with a key frame. */
export class OutgoingStream implements Paced {
  dueMs: number;
  readonly ssrc: number;
  readonly #plan: StreamPlan;
  readonly #header = Buffer.alloc(SENT_HEADER_BYTES);
  readonly #fields;
  readonly #sent = new SentPackets();
  #frame: number;
  #timestamp: number;
  #pictureId: number;
  #packets = 0;
  #bytes = 0;
  #reportAtMs: number;

  constructor(plan: StreamPlan) {
    const { ssrc, payloadType, clip, path, random, startMs } = plan;
    this.#plan = plan;
    this.ssrc = ssrc;
    this.dueMs = startMs;
    this.#reportAtMs = startMs;
    this.#frame = nextKeyFrame(clip, Math.floor(random() * clip.frames.length));
    this.#timestamp = Math.floor(random() * 2 ** 31);
    this.#pictureId = Math.floor(random() * 0x7fff);
    this.#fields = {
      payloadType,
      marker: false,
      sequence: Math.floor(random() * 0x7fff),
      timestamp: 0,
      transportSequence: 0,
      sentAtMs: 0,
    };
    writeStreamHeader(this.#header, { ssrc, payloadType, extensions: path.extensions });
  }

  get total(): { readonly packets: number; readonly bytes: number } {
    return { packets: this.#packets, bytes: this.#bytes };
  }

  due(nowMs: number): void {
    const { clip, path, keyFramesWhenAsked } = this.#plan;
    const frame = clip.frames[this.#frame];
    if (frame) this.#sendFrame(frame, nowMs - this.dueMs > LATE_MS);
    // After the frame, so that the server knows the stream already.
    if (nowMs >= this.#reportAtMs) {
      this.#reportAtMs = nowMs + SENDER_REPORT_EVERY_MS;
      path.send(this.#report());
    }
    const next = (this.#frame + 1) % clip.frames.length;
    this.#frame = keyFramesWhenAsked ? nextDeltaFrame(clip, next) : next;
    this.#timestamp = (this.#timestamp + clip.ticksPerFrame) >>> 0;
    this.#pictureId = (this.#pictureId + 1) & 0x7fff;
    this.dueMs += clip.frameMs;
  }

  /** The next frame will be a key frame. */
  skipToKeyFrame(): void {
    this.#frame = nextKeyFrame(this.#plan.clip, this.#frame);
  }

  /** A packet that is missing, if it was sent lately. */
  sendAgain(sequence: number): void {
    const { path, clip } = this.#plan;
    const sent = this.#sent.find(sequence);
    const packet = sent && clip.frames[sent.frame]?.packets[sent.part];
    if (!packet) return;
    const { timestamp, sentAtMs, pictureId } = sent;
    const { payloadType } = this.#plan;
    const transportSequence = path.nextTransportSequence();
    const { marker } = packet;
    const bytes = this.#write(
      packet,
      { payloadType, marker, sequence, timestamp, transportSequence, sentAtMs },
      pictureId,
    );
    if (path.send(viewOf(bytes))) path.sent(bytes, false);
  }

  /** Puts a packet together in the scratch; answers its length. */
  #write(
    { payload }: ClipPacket,
    fields: Parameters<typeof writePacketHeader>[1],
    pictureId: number,
  ): number {
    scratch.set(this.#header);
    scratch.set(payload, SENT_HEADER_BYTES);
    writePacketHeader(scratch, fields);
    if (this.#plan.clip.kind === 'video') writeVp8Counters(scratch, SENT_HEADER_BYTES, pictureId, pictureId);
    return SENT_HEADER_BYTES + payload.length;
  }

  #sendFrame({ packets }: ClipFrame, late: boolean): void {
    const { path } = this.#plan;
    const fields = this.#fields;
    fields.timestamp = this.#timestamp;
    for (const [part, packet] of packets.entries()) {
      const { payload, marker } = packet;
      fields.marker = marker;
      fields.transportSequence = path.nextTransportSequence();
      fields.sentAtMs = path.machineMs();
      const bytes = this.#write(packet, fields, this.#pictureId);
      this.#sent.note(fields, { frame: this.#frame, part, pictureId: this.#pictureId });
      fields.sequence = (fields.sequence + 1) & 0xffff;
      if (!path.send(viewOf(bytes))) continue;
      this.#packets++;
      this.#bytes += payload.length;
      path.sent(bytes, late);
    }
  }

  #report(): Buffer {
    return senderReport({
      ssrc: this.ssrc,
      sentAtMs: this.#plan.path.machineMs(),
      timestamp: this.#timestamp,
      packets: this.#packets,
      bytes: this.#bytes,
    });
  }
}
