import type { TrackSource } from '@skein/protocol';

export type VideoCodec = 'vp8' | 'vp9' | 'h264' | 'av1';

export interface SendWish {
  readonly source: TrackSource;
  /** Pixels of the captured picture; unknown ones count as 1280x720. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Several sizes at once, so that each viewer gets one that fits. Default: cameras yes, screens no. */
  readonly simulcast?: boolean | undefined;
  /** Default `vp8`. VP9 and AV1 send layers inside one stream (SVC) in place of simulcast. */
  readonly codec?: VideoCodec | undefined;
}

export interface SendEncoding {
  /** Default true. */
  readonly active?: boolean;
  readonly maxBitrate: number;
  readonly scaleResolutionDownBy?: number;
  readonly scalabilityMode?: string;
}

/** How a track is to be encoded. */
export interface SendPlan {
  /** Lower case, such as `video/vp8`. */
  readonly mimeType: string;
  /** From the smallest picture to the largest. */
  readonly encodings: readonly SendEncoding[];
  /** Tells the encoder what to keep when bandwidth is short (`MediaStreamTrack.contentHint`). */
  readonly contentHint?: 'detail' | 'motion';
  readonly stereo: boolean;
}

const FULL_HD_SCREEN_BPS = 2_500_000;
const HD_CAMERA_BPS = 1_700_000;
const HD_PIXELS = 1280 * 720;
const SPEECH_BPS = 40_000;
const SCREEN_AUDIO_BPS = 128_000;

export function planSend(wish: SendWish): SendPlan {
  switch (wish.source) {
    case 'microphone':
      return { mimeType: 'audio/opus', encodings: [{ maxBitrate: SPEECH_BPS }], stereo: false };
    case 'screen-audio':
      return { mimeType: 'audio/opus', encodings: [{ maxBitrate: SCREEN_AUDIO_BPS }], stereo: true };
    case 'screen':
      return planVideo(wish, wish.simulcast ?? false, 'detail');
    case 'camera':
      return planVideo(wish, wish.simulcast ?? true, 'motion');
  }
}

function planVideo(wish: SendWish, layered: boolean, contentHint: 'detail' | 'motion'): SendPlan {
  const { codec = 'vp8', width = 1280, height = 720 } = wish;
  const mimeType = `video/${codec}`;
  const plan = { mimeType, contentHint, stereo: false } as const;
  const full = contentHint === 'detail' ? FULL_HD_SCREEN_BPS : bitrateFor(width * height);
  const layers = layered ? layersFor(width, height) : 1;
  if (codec === 'vp9' || codec === 'av1') {
    return {
      ...plan,
      encodings: [{ maxBitrate: full, scalabilityMode: `L${layers}T3${layers > 1 ? '_KEY' : ''}` }],
    };
  }
  // Without a scalability mode: mediasoup takes a single VP8 stream that has one for SVC, and then loses its first key
  // frames.
  if (layers === 1) return { ...plan, encodings: [{ maxBitrate: full, scaleResolutionDownBy: 1 }] };
  return { ...plan, encodings: simulcast(width * height, full, layers) };
}

/** Each layer doubles the one below in width and height. */
function simulcast(pixels: number, full: number, layers: number): SendEncoding[] {
  return Array.from({ length: layers }, (_, layer) => {
    const scale = 2 ** (layers - 1 - layer);
    const maxBitrate = scale === 1 ? full : bitrateFor(pixels / scale ** 2);
    return { maxBitrate, scaleResolutionDownBy: scale, scalabilityMode: 'L1T3' };
  });
}

// Chromium sends no more layers than this for a picture's size and leaves out the largest ones, whatever it was
// asked for (libwebrtc, `video/config/simulcast.cc`): asking for more would lose the full picture.
function layersFor(width: number, height: number): number {
  const pixels = width * height;
  if (pixels >= 960 * 540) return 3;
  return pixels >= 480 * 270 ? 2 : 1;
}

/** Smaller pictures need more bits per pixel; the exponent is the usual rule of thumb for video. */
function bitrateFor(pixels: number): number {
  return Math.round(Math.max(60_000, HD_CAMERA_BPS * (pixels / HD_PIXELS) ** 0.75));
}
