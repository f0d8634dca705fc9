import type { TrackKind } from '@skein/protocol';
import type { TrackPlan } from '../peer.ts';

/** Pictures of which the SDK's plan makes as many encodings as are wanted. */
const SIZES = {
  1: { width: 320, height: 180 },
  2: { width: 640, height: 360 },
  3: { width: 1280, height: 720 },
} as const;

/** How a capture is made from clips. */
export interface SentClip {
  /** Which one the lowest encoding is made from. */
  readonly lowestClip: number;
  /** As in `TrackPlan`. */
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
  { layers = 3, onlyLayer = 0, keyFramesWhenAsked = false }: Omit<TrackPlan, 'source'>,
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
