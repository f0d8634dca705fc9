import type { Layers, RemoteTrack } from '@skein/client';

export const QUALITIES = ['auto', 'high', 'medium', 'low'] as const;
export type Quality = (typeof QUALITIES)[number];

/** The most tiles that get full pictures when nobody chose: small tiles don't show the difference. */
const FULL_PICTURES = 6;
const MEDIUM_PICTURES = 12;

/**
 * The layers to ask for, or undefined for as good as possible. `tiles` is how many pictures share the screen:
 * the more, the smaller they are.
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
      // A screen is shown large, however many people are there.
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
