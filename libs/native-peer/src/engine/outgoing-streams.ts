import type { TrackKind } from '@skein/protocol';
import { type OutgoingPath, OutgoingStream } from '../media/outgoing-stream.ts';
import { KeyFrameRequests } from '../media/key-frame-requests.ts';
import { isRtcp } from '../rtp/rtp-packet.ts';
import { readRtcp } from '../rtp/rtcp.ts';
import { sentExtensions, sentPayloadType } from './rtp-parameters.ts';
import type { PeerWorld } from './world.ts';

/** A track with the SSRCs of its encodings. */
export interface SentTrack {
  readonly trackId: string;
  readonly kind: TrackKind;
  readonly ssrcs: readonly number[];
  /** Which clip the first SSRC sends; the others follow. */
  readonly lowestClip: number;
  /** As in `ClipOptions`. */
  readonly keyFramesWhenAsked: boolean;
}

const MAX_SSRC = 0xfffffffe;

/** SSRCs by chance, one after the other. */
export function chooseSsrcs(count: number, random: () => number): number[] {
  const first = 1 + Math.floor(random() * (MAX_SSRC - count));
  return Array.from({ length: count }, (_, layer) => first + layer);
}

/** The streams that leave on one transport. */
export class OutgoingStreams {
  readonly #world: PeerWorld;
  readonly #path: OutgoingPath;
  readonly #streams = new Map<number, OutgoingStream>();
  readonly #tracks = new Map<string, SentTrack>();
  /** Of the tracks that have key frames when asked, by each of their SSRCs. */
  readonly #asked = new Map<number, { readonly track: SentTrack; readonly requests: KeyFrameRequests }>();
  #transportSequence = 0;

  constructor(world: PeerWorld, send: (packet: Buffer) => boolean) {
    this.#world = world;
    this.#path = {
      extensions: sentExtensions,
      send,
      nextTransportSequence: () => (this.#transportSequence = (this.#transportSequence + 1) & 0xffff),
      machineMs: world.machineMs,
      sent: (bytes, late) => {
        const { counts } = world.meter;
        counts.packetsSent++;
        counts.bytesSent += bytes;
        if (late) counts.lateSends++;
      },
    };
  }

  /** Begins to send, all encodings from the same moment. */
  start(track: SentTrack): void {
    const { clips, random, clock, pacer } = this.#world;
    const { kind, keyFramesWhenAsked } = track;
    const startMs = clock.monotonicMs();
    this.#tracks.set(track.trackId, track);
    const requests = new KeyFrameRequests();
    if (keyFramesWhenAsked) for (const ssrc of track.ssrcs) this.#asked.set(ssrc, { track, requests });
    track.ssrcs.forEach((ssrc, layer) => {
      const clip = kind === 'audio' ? clips.audio : clips.video[track.lowestClip + layer];
      if (!clip) return;
      const payloadType = sentPayloadType(kind);
      const path = this.#path;
      const plan = { ssrc, payloadType, clip, path, random, startMs, keyFramesWhenAsked };
      const stream = new OutgoingStream(plan);
      this.#streams.set(ssrc, stream);
      pacer.add(stream);
    });
  }

  /** Sends nothing until `resume`, which begins with a key frame. */
  pause(trackId: string): void {
    for (const stream of this.#streamsOf(trackId)) this.#world.pacer.remove(stream);
  }

  resume(trackId: string): void {
    for (const stream of this.#streamsOf(trackId)) {
      stream.dueMs = this.#world.clock.monotonicMs();
      stream.skipToKeyFrame();
      this.#world.pacer.add(stream);
    }
  }

  /** All that is sent now. */
  hold(held: boolean): void {
    for (const trackId of this.#tracks.keys())
      if (held) this.pause(trackId);
      else this.resume(trackId);
  }

  stop(trackId: string): void {
    for (const stream of this.#streamsOf(trackId)) {
      this.#world.pacer.remove(stream);
      this.#streams.delete(stream.ssrc);
      this.#asked.delete(stream.ssrc);
    }
    this.#tracks.delete(trackId);
  }

  /** Of each encoding, lowest first, since it was started. */
  totals(trackId: string): { readonly ssrc: number; readonly packets: number; readonly bytes: number }[] {
    return this.#streamsOf(trackId).map(({ ssrc, total }) => ({ ssrc, ...total }));
  }

  /** RTCP from the server: what it asks for. */
  packet(packet: Buffer): void {
    if (packet.length < 8 || !isRtcp(packet)) return;
    readRtcp(packet, {
      keyFrameAsked: (ssrc) => this.#keyFrameAsked(ssrc),
      packetAsked: (ssrc, sequence) => {
        if (this.#world.repairsLoss) this.#streams.get(ssrc)?.sendAgain(sequence);
      },
    });
  }

  close(): void {
    for (const trackId of [...this.#tracks.keys()]) this.stop(trackId);
  }

  #keyFrameAsked(ssrc: number): void {
    const { meter, clock } = this.#world;
    meter.counts.keyFramesAsked++;
    const asked = this.#asked.get(ssrc);
    if (!asked) this.#streams.get(ssrc)?.skipToKeyFrame();
    else if (asked.requests.take(clock.monotonicMs()))
      for (const stream of this.#streamsOf(asked.track.trackId)) stream.skipToKeyFrame();
  }

  #streamsOf(trackId: string): OutgoingStream[] {
    const ssrcs = this.#tracks.get(trackId)?.ssrcs ?? [];
    return ssrcs.flatMap((ssrc) => this.#streams.get(ssrc) ?? []);
  }
}
