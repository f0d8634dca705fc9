import {
  kindOfSource,
  SkeinError,
  type RtpCapabilities,
  type RtpParameters,
  type TrackKind,
  type TrackSource,
} from '@skein/protocol';
import { MediaError } from '../media/media-errors.ts';

/** All others have 1: a screen gets two layers for each of theirs, once every track has one. */
const SCREEN_PRIORITY = 2;

/** Fails `INVALID_ARGUMENT` when a source cannot be of that kind. */
export function checkKind(kind: TrackKind, source: TrackSource): void {
  if (kindOfSource[source] === kind) return;
  throw SkeinError.invalidArgument('data.kind', `a ${source} is ${kindOfSource[source]}, not ${kind}`);
}

/** Fails `RTP_PARAMETERS_REJECTED` when a track names a MID or an SSRC that the session's others, or itself, use. */
export function checkStreamsUnused(parameters: RtpParameters, others: readonly RtpParameters[]): void {
  if (parameters.mid !== undefined && others.some((other) => other.mid === parameters.mid)) {
    throw MediaError.rtpRejected(
      'data.rtpParameters.mid',
      `${parameters.mid} is used by another track already`,
    );
  }
  const used = new Set(others.flatMap((other) => ssrcsOf(other).map(({ ssrc }) => ssrc)));
  for (const { field, ssrc } of ssrcsOf(parameters)) {
    if (used.has(ssrc)) throw MediaError.rtpRejected(field, `SSRC ${ssrc} is used already`);
    used.add(ssrc);
  }
}

/** Whether packets of one could be taken for packets of the other: by their MID, or by an SSRC. */
export function shareStreams(one: RtpParameters, other: RtpParameters): boolean {
  if (one.mid !== undefined && one.mid === other.mid) return true;
  const used = new Set(ssrcsOf(one).map(({ ssrc }) => ssrc));
  return ssrcsOf(other).some(({ ssrc }) => used.has(ssrc));
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
  throw MediaError.rtpRejected(
    `data.rtpParameters.codecs.${wrong}.mimeType`,
    `is not ${kind}, which the track is`,
  );
}

/**
 * The priority of a video on a client's link that is too narrow for all: a shared screen is what people look at, and comes
 * before cameras. `undefined`: the default.
 */
export function priorityOf(source: TrackSource): number | undefined {
  return source === 'screen' ? SCREEN_PRIORITY : undefined;
}

/** Whether a client announced support for a codec at all. The engine decides on its parameters. */
export function canReceive({ codecs }: RtpCapabilities, mimeType: string): boolean {
  return codecs.some((codec) => codec.mimeType.toLowerCase() === mimeType.toLowerCase());
}
