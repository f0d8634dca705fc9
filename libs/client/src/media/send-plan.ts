import type { TrackSource } from '@skein/protocol';

export type VideoCodec = 'vp8' | 'vp9' | 'h264' | 'av1';

export interface SendWish {
  readonly source: TrackSource;
  /** Pixels of the captured picture; unknown ones count as 1280x720. */
  readonly width?: number | undefined;
  readonly height?: number | undefined;
  /** Several layers at once, so that each viewer gets one that fits its link. Default: yes, except for screens in VP9 and AV1. */
  readonly simulcast?: boolean | undefined;
  /** Default `vp8`. VP9 and AV1 send layers inside one stream (SVC) in place of simulcast. */
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

/** How a track is to be encoded. */
export interface SendPlan {
  /** Lower case, such as `video/vp8`. */
  readonly mimeType: string;
  /** From the fewest bits to the most. */
  readonly encodings: readonly SendEncoding[];
  /** Tells the encoder what to keep when bandwidth is short (`MediaStreamTrack.contentHint`). */
  readonly contentHint?: 'detail' | 'motion';
  readonly stereo: boolean;
}

const SCREEN_BPS = 2_500_000;
/**
 * The lower layer of a screen. The upper one loses frames first, by its temporal layers, because text has to stay readable; a
 * link that cannot take a quarter of its frames gets this one. With sound beside it, it fits a link of 500 kbit/s. Not in full
 * size: a key frame of a full page is 60 KB, sent at once, of which a narrow link loses most, again and again.
 */
const THIN_SCREEN = { maxBitrate: 400_000, maxFramerate: 5, scaleResolutionDownBy: 2 } as const;
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
      return planVideo(wish, wish.simulcast ?? !hasLayersInside(wish.codec), 'detail');
    case 'camera':
      return planVideo(wish, wish.simulcast ?? true, 'motion');
  }
}

function planVideo(wish: SendWish, layered: boolean, contentHint: 'detail' | 'motion'): SendPlan {
  const { codec = 'vp8', width = 1280, height = 720 } = wish;
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
  // Without a scalability mode: mediasoup takes a single VP8 stream that has one for SVC, and then loses its first key
  // frames.
  if (layers === 1) return { ...plan, encodings: [{ maxBitrate: full, scaleResolutionDownBy: 1 }] };
  if (contentHint === 'motion') return { ...plan, encodings: simulcast(width * height, full, layers) };
  const encodings = [THIN_SCREEN, { maxBitrate: full, scaleResolutionDownBy: 1 }];
  return { ...plan, encodings: encodings.map((one) => ({ ...one, scalabilityMode: 'L1T3' })) };
}

/** SVC. Of a screen such a stream has layers of frame rate; layers of size blur text, and have to be asked for. */
function hasLayersInside(codec: VideoCodec | undefined): boolean {
  return codec === 'vp9' || codec === 'av1';
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
