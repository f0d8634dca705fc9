import {
  kindOfSource,
  SkeinError,
  type Layers,
  type RtpCapabilities,
  type RtpParameters,
  type TrackKind,
  type TrackSource,
} from '@skein/protocol';
import { rtpRejection } from '../media/rtp-rejection.ts';

/** Fails `INVALID_ARGUMENT` when a source cannot be of that kind. */
export function checkKind(kind: TrackKind, source: TrackSource): void {
  if (kindOfSource[source] === kind) return;
  throw SkeinError.invalidArgument('data.kind', `a ${source} is ${kindOfSource[source]}, not ${kind}`);
}

/** Fails `RTP_PARAMETERS_REJECTED` when a track names a MID or an SSRC that the session's others, or itself, use. */
export function checkStreamsUnused(parameters: RtpParameters, others: readonly RtpParameters[]): void {
  if (parameters.mid !== undefined && others.some((other) => other.mid === parameters.mid)) {
    throw rtpRejection('data.rtpParameters.mid', `${parameters.mid} is used by another track already`);
  }
  const used = new Set(others.flatMap((other) => ssrcsOf(other).map(({ ssrc }) => ssrc)));
  for (const { field, ssrc } of ssrcsOf(parameters)) {
    if (used.has(ssrc)) throw rtpRejection(field, `SSRC ${ssrc} is used already`);
    used.add(ssrc);
  }
}

function ssrcsOf({ encodings }: RtpParameters): readonly { field: string; ssrc: number }[] {
  return encodings.flatMap(({ ssrc, rtx }, index) => {
    const field = `data.rtpParameters.encodings.${index}`;
    return [
      ...(ssrc === undefined ? [] : [{ field: `${field}.ssrc`, ssrc }]),
      ...(rtx ? [{ field: `${field}.rtx.ssrc`, ssrc: rtx.ssrc }] : []),
    ];
  });
}

/** Fails `RTP_PARAMETERS_REJECTED` when a codec is not of the track's kind. */
export function checkCodecKinds(kind: TrackKind, { codecs }: RtpParameters): void {
  const wrong = codecs.findIndex(({ mimeType }) => !mimeType.toLowerCase().startsWith(`${kind}/`));
  if (wrong < 0) return;
  throw rtpRejection(`data.rtpParameters.codecs.${wrong}.mimeType`, `is not ${kind}, which the track is`);
}

/** How many layers a track has. */
export interface LayerCounts {
  readonly spatialLayers: number;
  readonly temporalLayers: number;
}

/** Fails `INVALID_ARGUMENT`, with the allowed range, when a choice is not among the track's layers. */
export function checkLayers(
  chosen: Layers,
  { spatialLayers, temporalLayers }: LayerCounts,
  field: string,
): void {
  checkLayer(chosen.spatialLayer, spatialLayers, `${field}.spatialLayer`);
  if (chosen.temporalLayer !== undefined)
    checkLayer(chosen.temporalLayer, temporalLayers, `${field}.temporalLayer`);
}

function checkLayer(layer: number, count: number, field: string): void {
  if (layer < count) return;
  throw SkeinError.invalidArgument(
    field,
    count === 1 ? 'must be 0: the track has one layer' : `must be 0-${count - 1}`,
  );
}

/** Whether a client said that it can receive a codec at all. The engine has the last word on its parameters. */
export function canReceive({ codecs }: RtpCapabilities, mimeType: string): boolean {
  return codecs.some((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
}
