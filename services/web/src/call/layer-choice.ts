import type { Layers, RemoteTrack } from '@skein/client';

export const QUALITIES = ['auto', 'high', 'medium', 'low'] as const;
export type Quality = (typeof QUALITIES)[number];

/** Up to this number of tiles, `auto` requests full pictures. Smaller tiles do not show the difference. */
const FULL_PICTURES = 6;
const MEDIUM_PICTURES = 12;

/**
 * The layers to request; undefined for the best. `tiles`: the number of tiles that share the page.
 */
export function layersFor(
  quality: Quality,
  { source, spatialLayers, temporalLayers }: Pick<RemoteTrack, 'source' | 'spatialLayers' | 'temporalLayers'>,
  tiles: number,
): Layers | undefined {
  const highest = spatialLayers - 1;
  const at = (spatialLayer: number): Layers => ({
    spatialLayer: Math.max(0, spatialLayer),
    temporalLayer: temporalLayers - 1,
  });
  switch (quality) {
    case 'auto':
      // A screen is shown large, independent of the number of tiles.
      if (tiles <= FULL_PICTURES || source === 'screen') return undefined;
      return at(tiles <= MEDIUM_PICTURES ? highest - 1 : 0);
    case 'high':
      return undefined;
    case 'medium':
      return at(highest - 1);
    case 'low':
      return at(0);
  }
}
