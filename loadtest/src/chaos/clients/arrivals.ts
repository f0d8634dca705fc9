import { gapsBetween } from './gaps.ts';
import type { TrackGaps } from './client-report.ts';

/** Sees what arrives on a `MediaStreamTrack` that is looked at: pictures, and changes of the tone. */
export interface Watching {
  /** Looks at a track from now on, until the result is called. */
  look(track: MediaStreamTrack): () => void;
}

export type OpenWatching = (onArrival: (mediaTrackId: string, atMs: number) => void) => Watching;

interface Received {
  readonly trackId: string;
  readonly identity: string;
  readonly kind: 'audio' | 'video';
  readonly times: number[];
  readonly swaps: number[];
  /** Which `MediaStreamTrack` the SDK shows for it now; what comes on another one is not seen or heard by anybody. */
  shown: string | undefined;
  stop: () => void;
}

// Ten minutes of one track, more than any round takes; older arrivals are forgotten.
const KEPT = 18_000;
const FORGOTTEN_AT_ONCE = 1_000;

/** When pictures and sound were decoded, for each track of others. */
export class Arrivals {
  readonly #received = new Map<string, Received>();
  readonly #byMediaTrack = new Map<string, Received>();

  readonly #watching: Watching;

  constructor(openWatching: OpenWatching) {
    this.#watching = openWatching((mediaTrackId, atMs) => {
      const received = this.#byMediaTrack.get(mediaTrackId);
      if (received && received.shown === mediaTrackId) note(received, atMs);
    });
  }

  /** The SDK shows the track by this `MediaStreamTrack` from now on. */
  show(
    track: { readonly id: string; readonly identity: string; readonly kind: 'audio' | 'video' },
    media: MediaStreamTrack,
    atMs: number,
  ): void {
    const received = this.#received.get(track.id) ?? {
      ...{ trackId: track.id, identity: track.identity, kind: track.kind },
      ...{ times: [], swaps: [], shown: undefined, stop: () => {} },
    };
    this.#received.set(track.id, received);
    if (received.shown === media.id) return;
    received.stop();
    received.shown = media.id;
    received.swaps.push(atMs);
    this.#byMediaTrack.set(media.id, received);
    received.stop = this.#watching.look(media);
  }

  /** What was received of somebody who left by plan. */
  forget(identity: string): void {
    for (const received of [...this.#received.values()].filter((one) => one.identity === identity)) {
      received.stop();
      this.#received.delete(received.trackId);
    }
  }

  /** Milliseconds since anything came of this track. */
  quietMs(trackId: string, nowMs: number): number {
    const last = this.#received.get(trackId)?.times.at(-1);
    return last === undefined ? Number.MAX_SAFE_INTEGER : nowMs - last;
  }

  gaps(fromMs: number, toMs: number): TrackGaps[] {
    return [...this.#received.values()].map(({ trackId, identity, kind, times, swaps }) => ({
      ...{ trackId, identity, kind },
      gaps: gapsBetween(times, fromMs, toMs),
      swappedAtMs: swaps.filter((atMs) => atMs >= fromMs && atMs <= toMs),
    }));
  }
}

function note({ times }: Received, atMs: number): void {
  times.push(atMs);
  if (times.length > KEPT) times.splice(0, FORGOTTEN_AT_ONCE);
}
