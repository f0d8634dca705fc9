import type { RtpParameters } from '@skein/protocol';
import type { types } from 'mediasoup';
import type { ReceivedMedia } from '../media/engine.ts';
import { asParameters } from './mediasoup-media.ts';

/**
 * libwebrtc ignores a key frame request that comes within 300 ms of the one before (`EncoderRtcpFeedback`), and
 * mediasoup repeats one that had no answer only after a second. So a request that comes too early is put off: often
 * the first one is made when a pipe opens, and the next one right after, when the viewer behind it is ready.
 */
const KEY_FRAME_REQUEST_DELAY_MS = 350;

/** How mediasoup takes what a client publishes. */
export function publishedMedia({
  kind,
  rtpParameters,
  muted,
  restsWhenStill = false,
}: ReceivedMedia): types.ProducerOptions {
  const parameters = kind === 'video' ? withoutSingleVp8Layers(rtpParameters) : rtpParameters;
  return {
    kind,
    rtpParameters: asParameters(restsWhenStill ? withRests(parameters) : parameters),
    paused: muted,
    ...(kind === 'video' && { keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS }),
  };
}

/**
 * mediasoup takes a layer without packets for 1.5 s as gone, and for 5 s where the encoding has `dtx` (`RtpStreamRecv`). Each time,
 * viewers change layers with a key frame, which on a thin link costs more than the seconds before. A still screen sends a frame
 * each second, and one whose encoder is short of bits even fewer.
 */
function withRests(parameters: RtpParameters): RtpParameters {
  return { ...parameters, encodings: parameters.encodings.map((encoding) => ({ ...encoding, dtx: true })) };
}

/**
 * Takes one VP8 encoding with temporal layers as a plain stream. mediasoup 3.27.1 would give its viewers `svc`
 * consumers, and those drop the first key frame unless they begin at temporal layer 0: VP8's key frames are in layer
 * 0, and only the simulcast consumer takes its present layer from them. Viewers would see nothing for 1-3 s.
 */
function withoutSingleVp8Layers(parameters: RtpParameters): RtpParameters {
  const [only, ...others] = parameters.encodings;
  const isVp8 = parameters.codecs[0]?.mimeType.toLowerCase() === 'video/vp8';
  if (!isVp8 || !only?.scalabilityMode || others.length > 0) return parameters;
  const { scalabilityMode: _layers, ...encoding } = only;
  return { ...parameters, encodings: [encoding] };
}
