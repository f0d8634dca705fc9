import type { Track } from '@skein/protocol';
import { mediaKey, type MediaKey } from '../media/media-key.ts';
import type { RouterAt } from '../pipes/model/pipe-model.ts';

/** A track as it was at the first demand for it. */
export type DemandedTrack = Pick<Track, 'trackId' | 'epoch' | 'identity' | 'nodeId' | 'routerId'>;

interface Demand {
  /** `undefined` once it is unpublished. */
  track: DemandedTrack | undefined;
  readonly routers: Map<string, number>;
}

/** The demand for tracks at routers, counted: one for each subscription. */
export class TrackDemand {
  readonly #demand = new Map<MediaKey, Demand>();
  readonly #onChange: () => void;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Holds the demand until disposed; disposing twice counts once. */
  hold(track: DemandedTrack, routerId: string): Disposable {
    const key = mediaKey(track);
    const demand: Demand = this.#demand.get(key) ?? { track, routers: new Map() };
    demand.track = track;
    this.#demand.set(key, demand);
    this.#count(key, demand, routerId, 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#count(key, demand, routerId, -1);
        held = false;
      },
    };
  }

  has(media: MediaKey): boolean {
    return this.#demand.has(media);
  }

  view(): ReadonlyMap<MediaKey, ReadonlySet<string>> {
    return new Map([...this.#demand].map(([key, { routers }]) => [key, new Set(routers.keys())]));
  }

  /** Where they are published: earlier epochs too, and tracks that a store without its data does not show. */
  locations(): ReadonlyMap<MediaKey, RouterAt> {
    const known = [...this.#demand].flatMap(([key, { track }]) => (track ? [[key, track] as const] : []));
    return new Map(known.map(([key, { nodeId, routerId }]) => [key, { nodeId, routerId }]));
  }

  /** These are unpublished. The demand stays, without a place to pull from. */
  forget(which: (track: DemandedTrack) => boolean): void {
    for (const demand of this.#demand.values())
      if (demand.track && which(demand.track)) demand.track = undefined;
    this.#onChange();
  }

  #count(key: MediaKey, demand: Demand, routerId: string, change: 1 | -1): void {
    const { routers } = demand;
    const count = (routers.get(routerId) ?? 0) + change;
    if (count > 0) routers.set(routerId, count);
    else routers.delete(routerId);
    if (routers.size === 0) this.#demand.delete(key);
    if (count === 0 || (count === 1 && change === 1)) this.#onChange();
  }
}
