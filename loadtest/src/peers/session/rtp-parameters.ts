import {
  routerRtpCapabilities,
  type RtpCapabilities,
  type RtpParameters,
  type TrackKind,
} from '@skein/protocol';
import type { SentExtensions } from '../rtp/rtp-packet.ts';

const TRANSPORT_SEQUENCE = 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01';
/** The stamp: mediasoup passes this extension on as it is, also through pipes. */
const CAPTURE_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time';

const SENT_CODECS: Readonly<Record<TrackKind, string>> = { audio: 'audio/opus', video: 'video/VP8' };
export const CLOCK_RATES: Readonly<Record<TrackKind, number>> = { audio: 48_000, video: 90_000 };

export const sentExtensions: SentExtensions = {
  transportSequenceId: routerExtension(TRANSPORT_SEQUENCE),
  captureTimeId: routerExtension(CAPTURE_TIME),
};

/**
 * What a peer can receive: every codec without RTX, since it asks for nothing again and counts what is missing; and
 * bandwidth by REMB in place of transport-cc, so that the tool's own load does not pose as a narrow path.
 */
export const receiveCapabilities: RtpCapabilities = {
  codecs: routerRtpCapabilities.codecs.filter(({ mimeType }) => !mimeType.endsWith('/rtx')),
  headerExtensions: routerRtpCapabilities.headerExtensions.filter(({ uri }) => uri !== TRANSPORT_SEQUENCE),
};

export function sentPayloadType(kind: TrackKind): number {
  return sentCodec(kind).preferredPayloadType;
}

/** How a track with these SSRCs is sent: more than one is simulcast, lowest first. */
export function sentParameters(kind: TrackKind, ssrcs: readonly number[], cname: string): RtpParameters {
  const { preferredPayloadType: payloadType, kind: _kind, ...codec } = sentCodec(kind);
  return {
    codecs: [{ ...codec, payloadType }],
    headerExtensions: [
      { uri: TRANSPORT_SEQUENCE, id: sentExtensions.transportSequenceId },
      { uri: CAPTURE_TIME, id: sentExtensions.captureTimeId },
    ],
    encodings: ssrcs.map((ssrc) => ({ ssrc })),
    rtcp: { cname, reducedSize: true },
  };
}

/** Under which id stamps of a received track come; 0 when they don't. */
export function captureTimeId({ headerExtensions }: RtpParameters): number {
  return headerExtensions.find(({ uri }) => uri === CAPTURE_TIME)?.id ?? 0;
}

function sentCodec(kind: TrackKind): RtpCapabilities['codecs'][number] {
  const codec = routerRtpCapabilities.codecs.find(({ mimeType }) => mimeType === SENT_CODECS[kind]);
  if (!codec) throw new Error(`no router takes ${SENT_CODECS[kind]}`);
  return codec;
}

function routerExtension(uri: string): number {
  const extension = routerRtpCapabilities.headerExtensions.find((one) => one.uri === uri);
  if (!extension) throw new Error(`no router takes ${uri}`);
  return extension.preferredId;
}
