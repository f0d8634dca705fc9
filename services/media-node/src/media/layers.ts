import type { Layers } from '@skein/protocol';
import type { MediaSource } from './engine.ts';

/** The lower of both, in each dimension. */
export function lowerLayers(one: Required<Layers>, other: Required<Layers>): Required<Layers> {
  return {
    spatialLayer: Math.min(one.spatialLayer, other.spatialLayer),
    temporalLayer: Math.min(one.temporalLayer, other.temporalLayer),
  };
}

export function sameLayers(one: Required<Layers>, other: Required<Layers>): boolean {
  return one.spatialLayer === other.spatialLayer && one.temporalLayer === other.temporalLayer;
}

/** All layers. */
export function topOf({ spatial, temporal }: MediaSource['layers']): Required<Layers> {
  return { spatialLayer: spatial - 1, temporalLayer: temporal - 1 };
}

/**
 * What of a viewer's wish can be had now; without a wish, all that can. No temporal layer: all of them. A wish outlives changes
 * of its track: a camera that is exchanged for a smaller one has fewer layers than a moment ago.
 */
export function attainable(wish: Layers | undefined, { layers, available }: MediaSource): Layers {
  const top = topOf(layers);
  const spatialLayer = Math.min(wish?.spatialLayer ?? top.spatialLayer, available.spatialLayer);
  if (wish?.temporalLayer === undefined && available.temporalLayer === top.temporalLayer)
    return { spatialLayer };
  return {
    spatialLayer,
    temporalLayer: Math.min(wish?.temporalLayer ?? top.temporalLayer, available.temporalLayer),
  };
}
