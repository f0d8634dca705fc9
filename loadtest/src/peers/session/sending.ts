import { kindOfSource } from '@skein/protocol';
import type { OutgoingPath } from '../media/outgoing-stream.ts';
import { OutgoingStream } from '../media/outgoing-stream.ts';
import type { TrackPlan } from '../peer.ts';
import { isRtcp } from '../rtp/rtp-packet.ts';
import { readRtcp } from '../rtp/rtcp.ts';
import { sentExtensions, sentPayloadType } from './rtp-parameters.ts';
import type { PeerWorld } from './world.ts';

/** A track with the SSRCs of its encodings. */
export interface SentTrack {
  readonly trackId: string;
  readonly plan: TrackPlan;
  readonly ssrcs: readonly number[];
}

const MAX_SSRC = 0xfffffffe;

/** A track's SSRCs, by chance: as many as it has encodings. */
export function chooseSsrcs({ source, layers = 3 }: TrackPlan, random: () => number): number[] {
  const count = kindOfSource[source] === 'audio' ? 1 : layers;
  const first = 1 + Math.floor(random() * (MAX_SSRC - count));
  return Array.from({ length: count }, (_, layer) => first + layer);
}

/** The streams that leave on one transport. */
export class Sending {
  readonly #world: PeerWorld;
  readonly #path: OutgoingPath;
  readonly #streams = new Map<number, OutgoingStream>();
  readonly #tracks = new Map<string, SentTrack>();
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
    const kind = kindOfSource[track.plan.source];
    const startMs = clock.monotonicMs();
    this.#tracks.set(track.trackId, track);
    track.ssrcs.forEach((ssrc, layer) => {
      const clip = kind === 'audio' ? clips.audio : clips.video[layer];
      if (!clip) return;
      const payloadType = sentPayloadType(kind);
      const stream = new OutgoingStream({ ssrc, payloadType, clip, path: this.#path, random, startMs });
      this.#streams.set(ssrc, stream);
      pacer.add(stream);
    });
  }

  stop(trackId: string): void {
    for (const ssrc of this.#tracks.get(trackId)?.ssrcs ?? []) {
      const stream = this.#streams.get(ssrc);
      if (stream) this.#world.pacer.remove(stream);
      this.#streams.delete(ssrc);
    }
    this.#tracks.delete(trackId);
  }

  /** RTCP from the server: key frame requests. */
  packet(packet: Buffer): void {
    if (packet.length < 8 || !isRtcp(packet)) return;
    readRtcp(packet, {
      keyFrameAsked: (ssrc) => {
        this.#world.meter.counts.keyFramesAsked++;
        this.#streams.get(ssrc)?.skipToKeyFrame();
      },
    });
  }

  close(): void {
    for (const trackId of [...this.#tracks.keys()]) this.stop(trackId);
  }
}
