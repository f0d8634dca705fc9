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
 * The available layers at or below the preferred ones; without a preference, all available ones. No temporal layer: all of
 * them. A preference outlives changes of its track: a camera that is replaced by a smaller one has fewer layers.
 */
export function attainable(preferred: Layers | undefined, { layers, available }: MediaSource): Layers {
  const top = topOf(layers);
  const spatialLayer = Math.min(preferred?.spatialLayer ?? top.spatialLayer, available.spatialLayer);
  if (preferred?.temporalLayer === undefined && available.temporalLayer === top.temporalLayer)
    return { spatialLayer };
  return {
    spatialLayer,
    temporalLayer: Math.min(preferred?.temporalLayer ?? top.temporalLayer, available.temporalLayer),
  };
}
