import type { ReadySubscription } from '@skein/protocol';
import { StreamMeter, type PacketFacts } from '../measures/stream-meter.ts';
import { keyFrameRequest, packetRequest, readRtcp, receiverReports } from '../rtp/rtcp.ts';
import { extensionOffset, isRtcp, payloadOffset, readNtp } from '../rtp/rtp-packet.ts';
import { vp8Start } from '../rtp/vp8.ts';
import type { Paced } from '../media/pacer.ts';
import { TransportFeedback } from '../rtp/transport-feedback.ts';
import { CLOCK_RATES, receivedExtensions, type ReceivedExtensions } from './rtp-parameters.ts';
import type { PeerWorld } from './world.ts';

const FEEDBACK_EVERY_MS = 100;
const FEEDBACKS_PER_REPORT = 10;
const REPORTER_SSRC = 1;
/** For a packet to come that was asked for. */
const REPAIR_MS = 150;
/** For repairs before a key frame is asked for, and for that one before it is asked for again. */
const KEY_FRAME_MS = 500;

export interface Incoming {
  readonly subscription: ReadySubscription;
  readonly meter: StreamMeter;
  /** As the server says; undefined while nothing is forwarded. */
  layer: number | undefined;
  /** Its publisher has muted it: nothing is expected. */
  muted: boolean;
  /** It got a packet since the last report. */
  flowing: boolean;
}

interface Stream extends Incoming {
  readonly ssrc: number;
  readonly extensions: ReceivedExtensions;
  readonly isVp8: boolean;
  lastReport: number;
  lastReportAtMs: number;
  /** With the first packet from then on that cannot be decoded, what is missing is asked for, or a key frame. */
  repairAtMs: number;
  keyFrameAtMs: number;
}

export interface IncomingStreamsHandlers {
  /** The first packet of all. */
  firstPacket(): void;
  firstKeyFrame(): void;
  /** A frame that can be decoded, or a packet of audio. `packet`: the RTP packet that completed it; not to be kept. */
  arrived?(incoming: Incoming, atMs: number, packet: Buffer): void;
}

/** The streams that arrive on one transport, told apart by SSRC. */
export class IncomingStreams implements Paced {
  dueMs: number;
  readonly #world: PeerWorld;
  readonly #handlers: IncomingStreamsHandlers;
  readonly #send: (packet: Buffer) => boolean;
  readonly #bySsrc = new Map<number, Stream>();
  readonly #byId = new Map<string, Stream>();
  // One for all packets, so that receiving makes no garbage.
  readonly #facts: { -readonly [Name in keyof PacketFacts]: PacketFacts[Name] } = {
    sequence: 0,
    timestamp: 0,
    bytes: 0,
    marker: false,
    start: 'none',
  };
  readonly #feedback = new TransportFeedback();
  #feedbacks = 0;
  #anySsrc = 0;
  #anyExtensions: Stream['extensions'] | undefined;
  #sawPacket = false;
  #sawKeyFrame = false;

  constructor(world: PeerWorld, send: (packet: Buffer) => boolean, handlers: IncomingStreamsHandlers) {
    this.#world = world;
    this.#send = send;
    this.#handlers = handlers;
    this.dueMs = world.clock.monotonicMs() + FEEDBACK_EVERY_MS * world.random();
    world.pacer.add(this);
  }

  get all(): Iterable<Incoming> {
    return this.#byId.values();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Nothing is expected of a muted track. */
  muted(trackId: string, muted: boolean): void {
    for (const stream of this.#byId.values())
      if (stream.subscription.trackId === trackId) stream.muted = muted;
  }

  /** The server says which layer it forwards. */
  layer(trackId: string, layer: number | undefined): void {
    for (const stream of this.#byId.values())
      if (stream.subscription.trackId === trackId) stream.layer = layer;
  }

  add(subscription: ReadySubscription): Incoming {
    const { rtpParameters, kind, subscriptionId, trackMuted } = subscription;
    const ssrc = rtpParameters.encodings[0]?.ssrc ?? 0;
    const stream: Stream = {
      subscription,
      meter: new StreamMeter(CLOCK_RATES[kind]),
      layer: undefined,
      muted: trackMuted,
      flowing: false,
      ssrc,
      extensions: receivedExtensions(rtpParameters),
      isVp8: rtpParameters.codecs[0]?.mimeType.toLowerCase() === 'video/vp8',
      lastReport: 0,
      lastReportAtMs: 0,
      repairAtMs: 0,
      keyFrameAtMs: this.#world.clock.monotonicMs() + KEY_FRAME_MS,
    };
    this.#anySsrc = ssrc;
    // All streams of a transport have the router's ids, sound without those for bandwidth.
    if (kind === 'video') this.#anyExtensions = stream.extensions;
    this.#bySsrc.set(ssrc, stream);
    this.#byId.set(subscriptionId, stream);
    return stream;
  }

  /** What it measured last is counted. */
  remove(subscriptionId: string): Incoming | undefined {
    const stream = this.#byId.get(subscriptionId);
    if (!stream) return undefined;
    this.#byId.delete(subscriptionId);
    if (this.#bySsrc.get(stream.ssrc) === stream) this.#bySsrc.delete(stream.ssrc);
    this.#take(stream, this.#world.clock.monotonicMs());
    return stream;
  }

  /** Everything measured since the last call goes into the meter. The number of streams that flow. */
  take(): number {
    const nowMs = this.#world.clock.monotonicMs();
    let flowing = 0;
    for (const stream of this.#byId.values()) {
      if (this.#take(stream, nowMs)) flowing++;
    }
    return flowing;
  }

  close(): void {
    this.#world.pacer.remove(this);
    for (const id of [...this.#byId.keys()]) this.remove(id);
  }

  /** RTP or RTCP from the transport. */
  packet(packet: Buffer): void {
    if (packet.length < 12) return;
    if (isRtcp(packet)) return this.#control(packet);
    const stream = this.#bySsrc.get(packet.readUInt32BE(8));
    if (!stream) {
      // Probes of the server's bandwidth estimate have a stream of their own. The rest was sent before an end was told.
      this.#report(packet, this.#anyExtensions);
      return;
    }
    const { clock, machineMs, meter } = this.#world;
    const facts = this.#facts;
    facts.sequence = packet.readUInt16BE(2);
    facts.timestamp = packet.readUInt32BE(4);
    facts.bytes = packet.length;
    facts.marker = ((packet[1] ?? 0) & 0x80) !== 0;
    facts.start = stream.isVp8 ? vp8Start(packet, payloadOffset(packet)) : 'none';
    const stamp = extensionOffset(packet, stream.extensions.captureTimeId);
    if (stamp > 0) meter.latencyMs.record(machineMs() - readNtp(packet, stamp));
    this.#report(packet, stream.extensions);
    const nowMs = clock.monotonicMs();
    const arrived = stream.meter.packet(facts, nowMs);
    if (stream.isVp8 && this.#world.repairsLoss) this.#repair(stream, nowMs);
    if (!this.#sawPacket) {
      this.#sawPacket = true;
      this.#handlers.firstPacket();
    }
    if (arrived === 'key-frame' && !this.#sawKeyFrame) {
      this.#sawKeyFrame = true;
      this.#handlers.firstKeyFrame();
    }
    if (arrived !== 'nothing' || stream.subscription.kind === 'audio')
      this.#handlers.arrived?.(stream, nowMs, packet);
  }

  /** As browsers do, it tells the server of every packet, whatever its stream. */
  #report(packet: Buffer, extensions: Stream['extensions'] | undefined): void {
    if (!extensions) return;
    const sequenceAt = extensionOffset(packet, extensions.transportSequenceId);
    const sentAt = sequenceAt > 0 ? extensionOffset(packet, extensions.sendTimeId) : -1;
    if (sentAt > 0) this.#feedback.record(packet.readUInt16BE(sequenceAt), packet.readUIntBE(sentAt, 3));
  }

  /** What came, every 100 ms; receiver reports, every second. */
  due(nowMs: number): void {
    this.dueMs += FEEDBACK_EVERY_MS;
    const feedback = this.#feedback.take(REPORTER_SSRC, this.#anySsrc);
    if (feedback) this.#send(feedback);
    if (++this.#feedbacks % FEEDBACKS_PER_REPORT !== 0) return;
    const blocks = [...this.#byId.values()]
      .filter(({ meter }) => meter.started)
      .map(({ ssrc, meter, lastReport, lastReportAtMs }) => ({
        ssrc,
        ...meter.report(),
        lastReport,
        sinceLastReportMs: nowMs - lastReportAtMs,
      }));
    for (const packet of receiverReports(REPORTER_SSRC, blocks)) this.#send(packet);
  }

  /** As browsers do: asks for what is missing at once and again, and for a key frame when that does not help. */
  #repair(stream: Stream, nowMs: number): void {
    const { meter, ssrc } = stream;
    if (meter.decodable) {
      stream.repairAtMs = nowMs;
      stream.keyFrameAtMs = nowMs + KEY_FRAME_MS;
      return;
    }
    if (nowMs >= stream.repairAtMs) {
      stream.repairAtMs = nowMs + REPAIR_MS;
      const { missing } = meter;
      if (missing.length > 0) this.#send(packetRequest(REPORTER_SSRC, ssrc, missing));
    }
    if (nowMs >= stream.keyFrameAtMs) {
      stream.keyFrameAtMs = nowMs + KEY_FRAME_MS;
      this.#send(keyFrameRequest(REPORTER_SSRC, ssrc));
    }
  }

  #control(packet: Buffer): void {
    readRtcp(packet, {
      senderReport: (ssrc, middle) => {
        const stream = this.#bySsrc.get(ssrc);
        if (!stream) return;
        stream.lastReport = middle;
        stream.lastReportAtMs = this.#world.clock.monotonicMs();
      },
    });
  }

  #take(stream: Stream, nowMs: number): boolean {
    if (stream.muted) stream.meter.rest();
    const take = stream.meter.take(nowMs);
    this.#world.meter.stream(take);
    stream.flowing = take.packets > 0;
    return stream.flowing;
  }
}
