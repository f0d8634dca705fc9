import { expect, it } from 'vitest';
import { layersFor } from './layer-choice.ts';

const camera = { source: 'camera', spatialLayers: 3, temporalLayers: 3 } as const;

it('asks for all there is while few pictures share the screen', () => {
  expect(layersFor('auto', camera, 6)).toBeUndefined();
});

it('asks for smaller pictures the more there are', () => {
  expect(layersFor('auto', camera, 9)).toEqual({ spatialLayer: 1, temporalLayer: 2 });
  expect(layersFor('auto', camera, 20)).toEqual({ spatialLayer: 0, temporalLayer: 2 });
});

it('asks for the best of a screen, which is shown large, among any number of pictures', () => {
  expect(layersFor('auto', { ...camera, source: 'screen' }, 20)).toBeUndefined();
  expect(layersFor('low', { ...camera, source: 'screen' }, 20)).toEqual({
    spatialLayer: 0,
    temporalLayer: 2,
  });
});

it('does what was chosen, whatever the number of pictures', () => {
  expect(layersFor('high', camera, 20)).toBeUndefined();
  expect(layersFor('medium', camera, 2)).toEqual({ spatialLayer: 1, temporalLayer: 2 });
  expect(layersFor('low', camera, 2)).toEqual({ spatialLayer: 0, temporalLayer: 2 });
});

it('never asks for a layer below the lowest', () => {
  expect(layersFor('medium', { source: 'camera', spatialLayers: 1, temporalLayers: 1 }, 2)).toEqual({
    spatialLayer: 0,
    temporalLayer: 0,
  });
});
