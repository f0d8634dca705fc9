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
const SEND_TIME = 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time';

const SENT_CODECS: Readonly<Record<TrackKind, string>> = { audio: 'audio/opus', video: 'video/VP8' };
export const CLOCK_RATES: Readonly<Record<TrackKind, number>> = { audio: 48_000, video: 90_000 };

export const sentExtensions: SentExtensions = {
  transportSequenceId: routerExtension(TRANSPORT_SEQUENCE),
  captureTimeId: routerExtension(CAPTURE_TIME),
};

/** What a peer can receive: every codec, without RTX: what is sent again comes as it was first. */
export const receiveCapabilities: RtpCapabilities = {
  codecs: routerRtpCapabilities.codecs.filter(({ mimeType }) => !mimeType.endsWith('/rtx')),
  headerExtensions: routerRtpCapabilities.headerExtensions,
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

/** Under which ids a received track's extensions come; 0 for those that don't. */
export interface ReceivedExtensions {
  readonly captureTimeId: number;
  readonly transportSequenceId: number;
  readonly sendTimeId: number;
}

export function receivedExtensions({ headerExtensions }: RtpParameters): ReceivedExtensions {
  const idOf = (wanted: string): number => headerExtensions.find(({ uri }) => uri === wanted)?.id ?? 0;
  return {
    captureTimeId: idOf(CAPTURE_TIME),
    transportSequenceId: idOf(TRANSPORT_SEQUENCE),
    sendTimeId: idOf(SEND_TIME),
  };
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
