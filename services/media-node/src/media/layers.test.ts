import { describe, expect, it } from 'vitest';
import type { MediaSource } from './engine.ts';
import { attainable } from './layers.ts';

const source = (spatialLayer: number, temporalLayer = 2): MediaSource =>
  ({
    layers: { spatial: 3, temporal: 3 },
    available: { spatialLayer, temporalLayer },
  }) as Partial<MediaSource> as MediaSource;

describe('what a viewer gets', () => {
  it.each([
    ['all that there is, without a wish', undefined, source(2), { spatialLayer: 2 }],
    ['what arrives, without a wish', undefined, source(0), { spatialLayer: 0 }],
    [
      'its wish, when that arrives',
      { spatialLayer: 1, temporalLayer: 1 },
      source(2),
      { spatialLayer: 1, temporalLayer: 1 },
    ],
    ['less than its wish, when only that arrives', { spatialLayer: 2 }, source(1), { spatialLayer: 1 }],
    [
      'fewer frames, when only those arrive',
      { spatialLayer: 2 },
      source(2, 0),
      { spatialLayer: 2, temporalLayer: 0 },
    ],
  ] as const)('is %s', (_, wish, from, layers) => {
    expect(attainable(wish, from)).toEqual(layers);
  });
});
