import type { TrackKind } from '@skein/protocol';

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
  readonly #settings: { readonly width?: number; readonly height?: number };

  constructor(id: string, kind: TrackKind, settings: { readonly width?: number; readonly height?: number }) {
    super();
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
export function capturedTrack(id: string, kind: TrackKind, layers: 1 | 2 | 3): MediaStreamTrack {
  return asMediaStreamTrack(new NativeTrack(id, kind, kind === 'video' ? SIZES[layers] : {}));
}

export function receivedTrack(id: string, kind: TrackKind): MediaStreamTrack {
  return asMediaStreamTrack(new NativeTrack(id, kind, {}));
}

// The SDK uses no more of it than this class has.
function asMediaStreamTrack(track: NativeTrack): MediaStreamTrack {
  return track as unknown as MediaStreamTrack;
}
