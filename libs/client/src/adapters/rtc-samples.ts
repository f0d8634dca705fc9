import type { PictureSize } from '../media/engine.ts';
import type { RtpSample } from '../media/rtp-sample.ts';

// Fields of the WebRTC statistics that TypeScript's DOM types lack or spread over several dictionaries.
type Stat = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly type: string;
  readonly timestamp: number;
};

/** One sample per sent encoding. */
export function senderSamples(report: RTCStatsReport): RtpSample[] {
  const stats = [...(report.values() as Iterable<Stat>)];
  return ofType(stats, 'outbound-rtp').map((stream) => {
    const remote = ofType(stats, 'remote-inbound-rtp').find((one) => one['localId'] === stream.id);
    return {
      ...common(stream, report),
      rid: typeof stream['rid'] === 'string' ? stream['rid'] : undefined,
      bytes: number(stream['bytesSent']) ?? 0,
      packets: number(stream['packetsSent']) ?? 0,
      packetsLost: number(remote?.['packetsLost']),
      jitterMs: milliseconds(remote?.['jitter']),
      roundTripMs: milliseconds(remote?.['roundTripTime']) ?? pathRoundTripMs(stats),
    };
  });
}

/** One sample per received stream. */
export function receiverSamples(report: RTCStatsReport): RtpSample[] {
  const stats = [...(report.values() as Iterable<Stat>)];
  return ofType(stats, 'inbound-rtp').map((stream) => ({
    ...common(stream, report),
    bytes: number(stream['bytesReceived']) ?? 0,
    packets: number(stream['packetsReceived']) ?? 0,
    packetsLost: number(stream['packetsLost']),
    jitterMs: milliseconds(stream['jitter']),
    roundTripMs: pathRoundTripMs(stats),
    freezeSeconds: number(stream['totalFreezesDuration']),
  }));
}

/** Size of the frames of a capture, by its `MediaStreamTrack.id` (`RTCVideoSourceStats`). Not available in every browser. */
export function capturedSize(report: RTCStatsReport, captureId: string): PictureSize | undefined {
  const sources = ofType([...(report.values() as Iterable<Stat>)], 'media-source');
  const source = sources.find((one) => one['trackIdentifier'] === captureId);
  const width = number(source?.['width']);
  const height = number(source?.['height']);
  return width && height ? { width, height } : undefined;
}

function common(stream: Stat, report: RTCStatsReport): Omit<RtpSample, 'bytes' | 'packets'> {
  const codec = report.get(String(stream['codecId'])) as Stat | undefined;
  const mimeType = codec?.['mimeType'];
  return {
    streamId: String(stream['ssrc'] ?? stream.id),
    atMs: stream.timestamp,
    width: number(stream['frameWidth']),
    height: number(stream['frameHeight']),
    framesPerSecond: number(stream['framesPerSecond']),
    codec: typeof mimeType === 'string' ? mimeType.split('/')[1] : undefined,
  };
}

/** Round trip to the node, from the checks of ICE: a receiver does not measure it otherwise. */
function pathRoundTripMs(stats: readonly Stat[]): number | undefined {
  const pairs = ofType(stats, 'candidate-pair');
  const selected = ofType(stats, 'transport')[0]?.['selectedCandidatePairId'];
  const pair = pairs.find(({ id }) => id === selected) ?? pairs.find((one) => one['nominated'] === true);
  return milliseconds(pair?.['currentRoundTripTime']);
}

function ofType(stats: readonly Stat[], type: string): Stat[] {
  return stats.filter((stat) => stat.type === type);
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function milliseconds(seconds: unknown): number | undefined {
  return typeof seconds === 'number' ? seconds * 1000 : undefined;
}
