import type { Track } from '@skein/protocol';
import { mediaKey, type MediaKey } from '../media/media-key.ts';
import type { RouterAt } from '../pipes/planning/pipe-plan.ts';

/** A track as it was when it was first needed. */
export type NeededTrack = Pick<Track, 'trackId' | 'epoch' | 'identity' | 'nodeId' | 'routerId'>;

interface Need {
  /** `undefined` when it is known not to be published any more. */
  track: NeededTrack | undefined;
  readonly routers: Map<string, number>;
}

/** Which tracks are needed at which routers, counted: one for each subscription. */
export class TrackNeeds {
  readonly #needs = new Map<MediaKey, Need>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Holds the need until disposed; disposing twice counts once. */
  hold(track: NeededTrack, routerId: string): Disposable {
    const key = mediaKey(track);
    const need: Need = this.#needs.get(key) ?? { track, routers: new Map() };
    need.track = track;
    this.#needs.set(key, need);
    this.#count(key, need, routerId, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#count(key, need, routerId, -1);
        held = false;
      },
    };
  }

  has(media: MediaKey): boolean {
    return this.#needs.has(media);
  }

  view(): ReadonlyMap<MediaKey, ReadonlySet<string>> {
    return new Map([...this.#needs].map(([key, { routers }]) => [key, new Set(routers.keys())]));
  }

  /** Where they are published: earlier epochs too, and what a store that came back empty does not show. */
  locations(): ReadonlyMap<MediaKey, RouterAt> {
    const known = [...this.#needs].flatMap(([key, { track }]) => (track ? [[key, track] as const] : []));
    return new Map(known.map(([key, { nodeId, routerId }]) => [key, { nodeId, routerId }]));
  }

  /** These are not published any more. The needs stay, without a place to meet them from. */
  forget(which: (track: NeededTrack) => boolean): void {
    for (const need of this.#needs.values()) if (need.track && which(need.track)) need.track = undefined;
    this.#onChange();
  }

  #count(key: MediaKey, need: Need, routerId: string, change: 1 | -1): void {
    const { routers } = need;
    const count = (routers.get(routerId) ?? 0) + change;
    if (count > 0) routers.set(routerId, count);
    else routers.delete(routerId);
    if (routers.size === 0) this.#needs.delete(key);
    if (count === 0 || (count === 1 && change === 1)) this.#onChange();
  }
}
