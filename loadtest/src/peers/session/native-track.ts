import type { TrackKind } from '@skein/protocol';
import type { TrackPlan } from '../peer.ts';

/** Pictures of which the SDK's plan makes as many encodings as are wanted. */
const SIZES = {
  1: { width: 320, height: 180 },
  2: { width: 640, height: 360 },
  3: { width: 1280, height: 720 },
} as const;

/** Stands for a capture or for what is received; there is nothing behind it but a clip or a counter. */
class NativeTrack extends EventTarget {
  readonly id: string;
  readonly kind: TrackKind;
  readonly readyState = 'live';
  contentHint = '';
  /** Which clip the lowest encoding is made from. */
  readonly lowestClip: number;
  readonly #settings: { readonly width?: number; readonly height?: number };

  constructor(
    id: string,
    kind: TrackKind,
    settings: { readonly width?: number; readonly height?: number },
    lowestClip = 0,
  ) {
    super();
    this.lowestClip = lowestClip;
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
  { layers = 3, onlyLayer = 0 }: Pick<TrackPlan, 'layers' | 'onlyLayer'>,
): MediaStreamTrack {
  const lowestClip = layers === 1 ? onlyLayer : 0;
  return asMediaStreamTrack(new NativeTrack(id, kind, kind === 'video' ? SIZES[layers] : {}, lowestClip));
}

/** 0 for a track that was not made here. */
export function lowestClipOf(track: MediaStreamTrack): number {
  return track instanceof NativeTrack ? track.lowestClip : 0;
}

export function receivedTrack(id: string, kind: TrackKind): MediaStreamTrack {
  return asMediaStreamTrack(new NativeTrack(id, kind, {}));
}

// The SDK uses no more of it than this class has.
function asMediaStreamTrack(track: NativeTrack): MediaStreamTrack {
  return track as unknown as MediaStreamTrack;
}
