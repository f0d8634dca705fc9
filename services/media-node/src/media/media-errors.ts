import { SkeinError } from '@skein/protocol';

/** Errors of a media engine. */
export const MediaError = {
  /** `field`: the one at fault, such as `data.rtpParameters.encodings.0.ssrc`. */
  rtpRejected: (field: string, problem: string, cause?: unknown): SkeinError =>
    new SkeinError('RTP_PARAMETERS_REJECTED', `${field}: ${problem}`, { details: { field }, cause }),
  /** A transport is connected once. */
  alreadyConnected: (): SkeinError =>
    new SkeinError('TRANSPORT_STATE', 'this transport is connected already; it is done once'),
} as const;
