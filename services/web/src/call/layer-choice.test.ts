import { expect, it } from 'vitest';
import { layersFor } from './layer-choice.ts';

const camera = { source: 'camera', spatialLayers: 3, temporalLayers: 3 } as const;

it('requests the best layers while few tiles share the screen', () => {
  expect(layersFor('auto', camera, 6)).toBeUndefined();
});

it('requests lower layers the more tiles there are', () => {
  expect(layersFor('auto', camera, 9)).toEqual({ spatialLayer: 1, temporalLayer: 2 });
  expect(layersFor('auto', camera, 20)).toEqual({ spatialLayer: 0, temporalLayer: 2 });
});

it('requests the best layers of a screen among any number of tiles', () => {
  expect(layersFor('auto', { ...camera, source: 'screen' }, 20)).toBeUndefined();
  expect(layersFor('low', { ...camera, source: 'screen' }, 20)).toEqual({
    spatialLayer: 0,
    temporalLayer: 2,
  });
});

it('follows the choice of the user for any number of tiles', () => {
  expect(layersFor('high', camera, 20)).toBeUndefined();
  expect(layersFor('medium', camera, 2)).toEqual({ spatialLayer: 1, temporalLayer: 2 });
  expect(layersFor('low', camera, 2)).toEqual({ spatialLayer: 0, temporalLayer: 2 });
});

it('never requests a layer below the lowest', () => {
  expect(layersFor('medium', { source: 'camera', spatialLayers: 1, temporalLayers: 1 }, 2)).toEqual({
    spatialLayer: 0,
    temporalLayer: 0,
  });
});
