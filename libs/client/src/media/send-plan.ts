import type { TrackSource } from '@skein/protocol';

export type VideoCodec = 'vp8' | 'vp9' | 'h264' | 'av1';

export interface SendOptions {
  readonly source: TrackSource;
  /** Pixels of the captured picture. Default 1280x720. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Send several layers, so that each receiver gets one that fits its link. Default: yes, except for screens in VP9 and AV1. */
  readonly simulcast?: boolean | undefined;
  /** Default `vp8`. VP9 and AV1 send layers inside one stream (SVC) instead of simulcast. */
  readonly codec?: VideoCodec | undefined;
}

export interface SendEncoding {
  /** Default true. */
  readonly active?: boolean;
  readonly maxBitrate: number;
  /** Frames per second. Default: as captured. */
  readonly maxFramerate?: number;
  readonly scaleResolutionDownBy?: number;
  readonly scalabilityMode?: string;
}

/** The encodings of a track. */
export interface SendPlan {
  /** Lower case, such as `video/vp8`. */
  readonly mimeType: string;
  /** In order of increasing bitrate. */
  readonly encodings: readonly SendEncoding[];
  /** What the encoder preserves when bandwidth is short (`MediaStreamTrack.contentHint`). */
  readonly contentHint?: 'detail' | 'motion';
  readonly stereo: boolean;
}

const SCREEN_BPS = 2_500_000;
/**
 * The lower layer of a screen. The upper layer drops frames first, by its temporal layers, because text must stay readable; a
 * link that cannot carry a quarter of its frames gets this layer, which fits a link of 500 kbit/s together with audio. It has half
 * the size, because a key frame of a full page is a burst of 60 KB, of which a narrow link loses most, repeatedly.
 */
const THIN_SCREEN = { maxBitrate: 400_000, maxFramerate: 5, scaleResolutionDownBy: 2 } as const;
const HD_CAMERA_BPS = 1_700_000;
const HD_PIXELS = 1280 * 720;
const SPEECH_BPS = 40_000;
const SCREEN_AUDIO_BPS = 128_000;

export function planSend(options: SendOptions): SendPlan {
  switch (options.source) {
    case 'microphone':
      return { mimeType: 'audio/opus', encodings: [{ maxBitrate: SPEECH_BPS }], stereo: false };
    case 'screen-audio':
      return { mimeType: 'audio/opus', encodings: [{ maxBitrate: SCREEN_AUDIO_BPS }], stereo: true };
    case 'screen':
      return planVideo(options, options.simulcast ?? !hasLayersInside(options.codec), 'detail');
    case 'camera':
      return planVideo(options, options.simulcast ?? true, 'motion');
  }
}

function planVideo(options: SendOptions, layered: boolean, contentHint: 'detail' | 'motion'): SendPlan {
  const { codec = 'vp8', width = 1280, height = 720 } = options;
  const mimeType = `video/${codec}`;
  const plan = { mimeType, contentHint, stereo: false } as const;
  const full = contentHint === 'detail' ? SCREEN_BPS : bitrateFor(width * height);
  const layers = layered ? layersFor(width, height) : 1;
  if (hasLayersInside(codec)) {
    return {
      ...plan,
      encodings: [{ maxBitrate: full, scalabilityMode: `L${layers}T3${layers > 1 ? '_KEY' : ''}` }],
    };
  }
  // No scalability mode: mediasoup treats a single VP8 stream that has one as SVC, and then loses its first key frames.
  if (layers === 1) return { ...plan, encodings: [{ maxBitrate: full, scaleResolutionDownBy: 1 }] };
  if (contentHint === 'motion') return { ...plan, encodings: simulcast(width * height, full, layers) };
  const encodings = [THIN_SCREEN, { maxBitrate: full, scaleResolutionDownBy: 1 }];
  return { ...plan, encodings: encodings.map((one) => ({ ...one, scalabilityMode: 'L1T3' })) };
}

/** SVC. For a screen, such a stream has layers of frame rate; layers of size blur text and are opt-in. */
function hasLayersInside(codec: VideoCodec | undefined): boolean {
  return codec === 'vp9' || codec === 'av1';
}

/** Each layer doubles the width and height of the layer below. */
function simulcast(pixels: number, full: number, layers: number): SendEncoding[] {
  return Array.from({ length: layers }, (_, layer) => {
    const scale = 2 ** (layers - 1 - layer);
    const maxBitrate = scale === 1 ? full : bitrateFor(pixels / scale ** 2);
    return { maxBitrate, scaleResolutionDownBy: scale, scalabilityMode: 'L1T3' };
  });
}

// Chromium limits the layers by the size of the picture and drops the largest ones (libwebrtc, `video/config/simulcast.cc`):
// requesting more would lose the full picture.
function layersFor(width: number, height: number): number {
  const pixels = width * height;
  if (pixels >= 960 * 540) return 3;
  return pixels >= 480 * 270 ? 2 : 1;
}

/** Smaller pictures need more bits per pixel; the exponent is the usual rule of thumb for video. */
function bitrateFor(pixels: number): number {
  return Math.round(Math.max(60_000, HD_CAMERA_BPS * (pixels / HD_PIXELS) ** 0.75));
}
