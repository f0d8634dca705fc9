import type { RtpCapabilities } from './media.ts';
import type { TrackKind } from './track-kinds.ts';

interface MediaCodec {
  readonly kind: TrackKind;
  readonly mimeType: string;
  readonly clockRate: number;
  readonly channels?: number;
  readonly parameters?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The codecs of every router of every node. They belong to the protocol, not to a node's configuration: a track must be
 * decodable on every node, and a client may load its device before it is placed.
 */
export const mediaCodecs: readonly MediaCodec[] = [
  {
    kind: 'audio',
    mimeType: 'audio/opus',
    clockRate: 48_000,
    channels: 2,
    parameters: { minptime: 10, useinbandfec: 1 },
  },
  { kind: 'video', mimeType: 'video/VP8', clockRate: 90_000 },
  { kind: 'video', mimeType: 'video/VP9', clockRate: 90_000, parameters: { 'profile-id': 0 } },
  {
    kind: 'video',
    mimeType: 'video/H264',
    clockRate: 90_000,
    parameters: { 'level-asymmetry-allowed': 1, 'packetization-mode': 1, 'profile-level-id': '42e01f' },
  },
  { kind: 'video', mimeType: 'video/AV1', clockRate: 90_000 },
];

const FIRST_PAYLOAD_TYPE = 100;
const AUDIO_FEEDBACK = [
  { type: 'nack', parameter: '' },
  { type: 'transport-cc', parameter: '' },
];
const VIDEO_FEEDBACK = [
  { type: 'nack', parameter: '' },
  { type: 'nack', parameter: 'pli' },
  { type: 'ccm', parameter: 'fir' },
  { type: 'goog-remb', parameter: '' },
  { type: 'transport-cc', parameter: '' },
];

type Extension = NonNullable<RtpCapabilities['headerExtensions']>[number];

function extension(
  kinds: 'both' | TrackKind,
  preferredId: number,
  uri: string,
  recvOnly: readonly TrackKind[] = [],
): Extension[] {
  const each: readonly TrackKind[] = kinds === 'both' ? ['audio', 'video'] : [kinds];
  return each.map((kind) => ({
    kind,
    uri,
    preferredId,
    preferredEncrypt: false,
    direction: recvOnly.includes(kind) ? 'recvonly' : 'sendrecv',
  }));
}

/**
 * The capabilities of every router: `mediaCodecs` with payload types, RTX and header extensions, as mediasoup derives them.
 * A test of the media node compares them with a real router.
 */
export const routerRtpCapabilities: RtpCapabilities = {
  codecs: withPayloadTypes(),
  headerExtensions: [
    ...extension('both', 1, 'urn:ietf:params:rtp-hdrext:sdes:mid'),
    ...extension('video', 2, 'urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id', ['video']),
    ...extension('video', 3, 'urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id', ['video']),
    ...extension('both', 4, 'http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time'),
    ...extension('both', 5, 'http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01', [
      'audio',
    ]),
    ...extension('audio', 6, 'urn:ietf:params:rtp-hdrext:ssrc-audio-level'),
    ...extension(
      'video',
      7,
      'https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension',
      ['video'],
    ),
    ...extension('video', 8, 'urn:3gpp:video-orientation'),
    ...extension('video', 9, 'urn:ietf:params:rtp-hdrext:toffset'),
    ...extension('both', 10, 'http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time'),
    ...extension('both', 11, 'http://www.webrtc.org/experiments/rtp-hdrext/playout-delay'),
    ...extension('both', 12, 'urn:mediasoup:params:rtp-hdrext:packet-id'),
  ],
};

function withPayloadTypes(): RtpCapabilities['codecs'] {
  let next = FIRST_PAYLOAD_TYPE;
  return mediaCodecs.flatMap(({ parameters = {}, ...codec }) => {
    const media = {
      ...codec,
      parameters: { ...parameters },
      preferredPayloadType: next++,
      rtcpFeedback: codec.kind === 'audio' ? AUDIO_FEEDBACK : VIDEO_FEEDBACK,
    };
    if (codec.kind === 'audio') return [media];
    const { kind, clockRate } = codec;
    const rtx = { kind, mimeType: 'video/rtx', clockRate, preferredPayloadType: next++, rtcpFeedback: [] };
    return [media, { ...rtx, parameters: { apt: media.preferredPayloadType } }];
  });
}
