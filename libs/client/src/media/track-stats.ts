import type { Layers, TrackKind, TrackSource } from '@skein/protocol';
import type { RtpRates } from './rtp-sample.ts';

/** One track, sent or received, since the previous call. */
export interface TrackStats {
  readonly trackId: string;
  readonly identity: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly muted: boolean;
  /** The node that the publisher sends to; the receiver's node may be another one. */
  readonly nodeId: string;
  /** Such as `VP8`. */
  readonly codec?: string | undefined;
  readonly bitrateBps: number;
  readonly packetsPerSecond: number;
  /** 0 to 1; undefined while no packets flow. */
  readonly lossRatio?: number | undefined;
  readonly jitterMs?: number | undefined;
  readonly roundTripMs?: number | undefined;
  /** Size of the largest picture that is sent or received. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly framesPerSecond?: number | undefined;
  readonly freezeSeconds?: number | undefined;
  /** The received layers of a layered track. */
  readonly layers?: Layers | undefined;
  /** Sending: one per simulcast encoding, smallest first. Receiving: one. */
  readonly streams: readonly RtpRates[];
}

export interface RoomStats {
  /** The node that hosts this client. */
  readonly nodeId: string;
  /** Round trip to the gateway; undefined before the first measurement. */
  readonly signalingRoundTripMs?: number | undefined;
  readonly sent: readonly TrackStats[];
  readonly received: readonly TrackStats[];
}

export type TrackDescription = Pick<
  TrackStats,
  'trackId' | 'identity' | 'kind' | 'source' | 'muted' | 'nodeId' | 'layers'
>;

/** Aggregates the streams of a track. */
export function summarize(track: TrackDescription, streams: readonly RtpRates[]): TrackStats {
  const best =
    streams.toSorted((one, other) => (other.width ?? 0) - (one.width ?? 0)).find(isFlowing) ?? streams[0];
  return {
    ...track,
    codec: best?.codec,
    bitrateBps: sum(streams, (stream) => stream.bitrateBps),
    packetsPerSecond: sum(streams, (stream) => stream.packetsPerSecond),
    lossRatio: best?.lossRatio,
    jitterMs: best?.jitterMs,
    roundTripMs: best?.roundTripMs,
    width: best?.width,
    height: best?.height,
    framesPerSecond: best?.framesPerSecond,
    freezeSeconds: best?.freezeSeconds,
    streams,
  };
}

function isFlowing(stream: RtpRates): boolean {
  return stream.bitrateBps > 0;
}

function sum(streams: readonly RtpRates[], value: (stream: RtpRates) => number): number {
  return streams.reduce((total, stream) => total + value(stream), 0);
}
