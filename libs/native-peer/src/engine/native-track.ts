import type { TrackKind } from '@skein/protocol';

/** Pictures of which the SDK's plan makes as many encodings as are wanted. */
const SIZES = {
  1: { width: 320, height: 180 },
  2: { width: 640, height: 360 },
  3: { width: 1280, height: 720 },
} as const;

/** How a captured track is made from clips. */
export interface ClipOptions {
  /** Simulcast encodings of a video, lowest first: 160x90, 320x180, 640x360. Default 3. Ignored for audio. */
  readonly layers?: 1 | 2 | 3;
  /** With one encoding: which of the three it is, counted from 0. Default 0. */
  readonly onlyLayer?: 0 | 1 | 2;
  /**
   * Video only: send key frames at the start and on request, at a browser's rate (see `KeyFrameRequests`). Without it, a
   * key frame also comes every second and each request is met at once. Such a video cannot be watched: it leaves frames
   * out. Default false.
   */
  readonly keyFramesWhenAsked?: boolean;
}

/** A `ClipOptions` as the sender needs it. */
export interface SentClip {
  /** Which one the lowest encoding is made from. */
  readonly lowestClip: number;
  /** As in `ClipOptions`. */
  readonly keyFramesWhenAsked: boolean;
}

const fromTheFirst: SentClip = { lowestClip: 0, keyFramesWhenAsked: false };

/** Stands for a capture or for what is received; there is nothing behind it but a clip or a counter. */
class NativeTrack extends EventTarget implements SentClip {
  readonly id: string;
  readonly kind: TrackKind;
  readonly readyState = 'live';
  contentHint = '';
  readonly lowestClip: number;
  readonly keyFramesWhenAsked: boolean;
  readonly #settings: { readonly width?: number; readonly height?: number };

  constructor(
    id: string,
    kind: TrackKind,
    settings: { readonly width?: number; readonly height?: number },
    { lowestClip, keyFramesWhenAsked }: SentClip = fromTheFirst,
  ) {
    super();
    this.lowestClip = lowestClip;
    this.keyFramesWhenAsked = keyFramesWhenAsked;
    this.id = id;
    this.kind = kind;
    this.#settings = settings;
  }

  getSettings() {
    return this.#settings;
  }

  stop(): void {}
}

/** A capture of which a camera would make `layers` encodings. */
export function capturedTrack(
  id: string,
  kind: TrackKind,
  { layers = 3, onlyLayer = 0, keyFramesWhenAsked = false }: ClipOptions,
): MediaStreamTrack {
  const lowestClip = layers === 1 ? onlyLayer : 0;
  const settings = kind === 'video' ? SIZES[layers] : {};
  return asMediaStreamTrack(new NativeTrack(id, kind, settings, { lowestClip, keyFramesWhenAsked }));
}

/** The first clip for a track that was not made here. */
export function sentClipOf(track: MediaStreamTrack): SentClip {
  return track instanceof NativeTrack ? track : fromTheFirst;
}

export function receivedTrack(id: string, kind: TrackKind): MediaStreamTrack {
  return asMediaStreamTrack(new NativeTrack(id, kind, {}));
}

// The SDK uses no more of it than this class has.
function asMediaStreamTrack(track: NativeTrack): MediaStreamTrack {
  return track as unknown as MediaStreamTrack;
}
