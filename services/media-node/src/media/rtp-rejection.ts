import { SkeinError } from '@skein/protocol';

/** `RTP_PARAMETERS_REJECTED` that names the field at fault, such as `data.rtpParameters.encodings.0.ssrc`. */
export function rtpRejection(field: string, problem: string, cause?: unknown): SkeinError {
  return new SkeinError('RTP_PARAMETERS_REJECTED', `${field}: ${problem}`, { details: { field }, cause });
}
