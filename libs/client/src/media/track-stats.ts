import type { Layers, TrackKind, TrackSource } from '@skein/protocol';
import type { RtpRates } from './rtp-sample.ts';

/** One track, sent or received, since the last time it was asked for. */
export interface TrackStats {
  readonly trackId: string;
  readonly identity: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly muted: boolean;
  /** The node that the publisher sends to; the receiver's own may be another. */
  readonly nodeId: string;
  /** Such as `VP8`. */
  readonly codec?: string | undefined;
  readonly bitrateBps: number;
  readonly packetsPerSecond: number;
  /** 0 to 1; undefined while nothing flows. */
  readonly lossRatio?: number | undefined;
  readonly jitterMs?: number | undefined;
  readonly roundTripMs?: number | undefined;
  /** The largest picture that flows. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  readonly framesPerSecond?: number | undefined;
  readonly freezeSeconds?: number | undefined;
  /** Received layers of a layered track. */
  readonly layers?: Layers | undefined;
  /** One per simulcast encoding when sending, the smallest first; one when receiving. */
  readonly streams: readonly RtpRates[];
}

export interface RoomStats {
  /** The node that carries this client. */
  readonly nodeId: string;
  /** Round trip of signaling; undefined before it was first measured. */
  readonly signalingRoundTripMs?: number | undefined;
  readonly sent: readonly TrackStats[];
  readonly received: readonly TrackStats[];
}

export type TrackFacts = Pick<
  TrackStats,
  'trackId' | 'identity' | 'kind' | 'source' | 'muted' | 'nodeId' | 'layers'
>;

/** Sums up a track's streams. */
export function summarize(facts: TrackFacts, streams: readonly RtpRates[]): TrackStats {
  const best =
    streams.toSorted((one, other) => (other.width ?? 0) - (one.width ?? 0)).find(isFlowing) ?? streams[0];
  return {
    ...facts,
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
