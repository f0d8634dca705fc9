import { SkeinError, type RtpParameters } from '@skein/protocol';
import { MediaError } from '../media/media-errors.ts';

interface Rule {
  readonly pattern: RegExp;
  readonly field: (match: RegExpExecArray, parameters: RtpParameters) => string;
  readonly problem: (match: RegExpExecArray) => string;
}

const CODECS = 'data.rtpParameters.codecs';
const ENCODINGS = 'data.rtpParameters.encodings';

/** How mediasoup words what it refuses, and what we say instead. */
const rules: readonly Rule[] = [
  {
    pattern: /unsupported codec \[mimeType:([^,\]]+)/,
    field: ([, mimeType], { codecs }) =>
      at(
        CODECS,
        codecs.findIndex((codec) => codec.mimeType === mimeType),
        'mimeType',
      ),
    problem: ([, mimeType]) => `${mimeType} with these parameters is not a codec of the router`,
  },
  {
    pattern: /RTX PT (\d+)/,
    field: ([, payloadType], { codecs }) =>
      at(
        CODECS,
        codecs.findIndex((codec) => codec.payloadType === Number(payloadType)),
        'parameters.apt',
      ),
    problem: () => 'names no media codec of the same parameters',
  },
  {
    pattern: /(RTX )?ssrc already exists.*\[ssrc:(\d+)\]/,
    field: ([, rtx, ssrc], { encodings }) => {
      const same = (encoding: (typeof encodings)[number]): boolean =>
        Number(ssrc) === (rtx ? encoding.rtx?.ssrc : encoding.ssrc);
      return at(ENCODINGS, encodings.findIndex(same), rtx ? 'rtx.ssrc' : 'ssrc');
    },
    problem: ([, , ssrc]) => `SSRC ${ssrc} is used by another track already`,
  },
  {
    pattern: /MID already exists/,
    field: () => 'data.rtpParameters.mid',
    problem: () => 'is used by another track already',
  },
  {
    pattern: /RID already exists/,
    field: () => 'data.rtpParameters.mid',
    problem: () => 'is needed when encodings have a RID',
  },
];

/**
 * mediasoup's refusal of a track as `RTP_PARAMETERS_REJECTED` that names the field at fault. That there was no answer is no
 * refusal, and stays what it is.
 */
export function rejectedParameters(error: unknown, parameters: RtpParameters): SkeinError {
  if (error instanceof SkeinError) return error;
  const text = error instanceof Error ? error.message : String(error);
  for (const rule of rules) {
    const match = rule.pattern.exec(text);
    if (match) return MediaError.rtpRejected(rule.field(match, parameters), rule.problem(match), error);
  }
  return MediaError.rtpRejected('data.rtpParameters', 'does not match what the router can receive', error);
}

function at(list: string, index: number, field: string): string {
  return index < 0 ? list : `${list}.${index}.${field}`;
}
