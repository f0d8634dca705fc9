import type { Layers } from '@skein/protocol';

/** One track that is sent into a pipe, and what each choice of its layers costs. */
export interface TrackCost<Key> {
  readonly key: Key;
  /** A screen gives up frame rate before size, a camera size before frame rate. */
  readonly screen: boolean;
  /**
   * Bits per second by spatial and temporal layer, each with all that it depends on or that is sent along with it. Only the
   * layers that may be sent at all: what is asked for, and what arrives here. Empty for a track that cannot give way.
   */
  readonly costsBps: readonly (readonly number[])[];
}

/** One layer more of one track. */
export interface Rung<Key> {
  readonly key: Key;
  readonly layers: Required<Layers>;
  readonly extraBps: number;
}

/** What a pipe carries at least, and in which order the rest comes on top when there is room. */
export interface Ladder<Key> {
  /** Layers of the tracks with no rung granted. */
  readonly base: ReadonlyMap<Key, Required<Layers>>;
  readonly rungs: readonly Rung<Key>[];
}

/**
 * Orders the layers of all tracks in a pipe. Every track has its first layer before any has its second, and so on, screens
 * first among equals: what one track gets, the others have got. Sound and tracks of one layer are in no rung. Pure.
 */
export function ladderOf<Key>(tracks: readonly TrackCost<Key>[]): Ladder<Key> {
  const base = new Map<Key, Required<Layers>>();
  const levels: Rung<Key>[][] = [];
  const screensFirst = [...tracks].sort((one, other) => Number(other.screen) - Number(one.screen));
  for (const { key, screen, costsBps } of screensFirst) {
    const [first, ...more] = screen ? sizeFirst(costsBps) : rateFirst(costsBps);
    if (!first || more.length === 0) continue;
    base.set(key, first);
    let before = first;
    for (const [level, layers] of more.entries()) {
      const extraBps = Math.max(0, costOf(costsBps, layers) - costOf(costsBps, before));
      (levels[level] ??= []).push({ key, layers, extraBps });
      before = layers;
    }
  }
  return { base, rungs: levels.flat() };
}

/** Layers of each track when the first `granted` rungs are. */
export function layersAt<Key>({ base, rungs }: Ladder<Key>, granted: number): Map<Key, Required<Layers>> {
  const layers = new Map(base);
  for (const rung of rungs.slice(0, granted)) layers.set(rung.key, rung.layers);
  return layers;
}

/** How many rungs may stay of `granted` ones so that the pipe carries `excessBps` less; 0 when even that is too much. */
export function rungsWithout<Key>({ rungs }: Ladder<Key>, granted: number, excessBps: number): number {
  let left = excessBps;
  let kept = Math.min(granted, rungs.length);
  while (kept > 0 && left > 0) left -= rungs[--kept]?.extraBps ?? 0;
  return kept;
}

type Steps = readonly Required<Layers>[];

/** The smallest picture with few frames, with all of its frames, then larger ones. */
function rateFirst(costs: readonly (readonly number[])[]): Steps {
  return costs.flatMap((temporal, spatialLayer) => {
    const top = { spatialLayer, temporalLayer: temporal.length - 1 };
    return spatialLayer === 0 && temporal.length > 1 ? [{ spatialLayer, temporalLayer: 0 }, top] : [top];
  });
}

/** Few frames of each size up to the largest, then more frames of that. */
function sizeFirst(costs: readonly (readonly number[])[]): Steps {
  const top = costs.length - 1;
  return [
    ...costs.map((_, spatialLayer) => ({ spatialLayer, temporalLayer: 0 })),
    ...(costs[top] ?? []).slice(1).map((_, index) => ({ spatialLayer: top, temporalLayer: index + 1 })),
  ];
}

function costOf(
  costs: readonly (readonly number[])[],
  { spatialLayer, temporalLayer }: Required<Layers>,
): number {
  return costs[spatialLayer]?.[temporalLayer] ?? 0;
}
