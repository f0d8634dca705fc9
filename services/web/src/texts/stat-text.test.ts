import { expect, it } from 'vitest';
import { bitrateText, layersText, lossText, millisecondsText, pictureText } from './stat-text.ts';

it('bitrateText uses the unit that fits the value', () => {
  expect([0, 48_400, 999_499, 1_240_000].map(bitrateText)).toEqual([
    '0 kbit/s',
    '48 kbit/s',
    '999 kbit/s',
    '1.2 Mbit/s',
  ]);
});

it('lossText distinguishes no loss from very little loss', () => {
  expect([undefined, 0, 0.0004, 0.021].map(lossText)).toEqual(['–', '0.0 %', '<0.1 %', '2.1 %']);
});

it('texts of times, sizes and layers have a dash for unknown values', () => {
  expect([undefined, 0, 12.4].map(millisecondsText)).toEqual(['–', '<1 ms', '12 ms']);
  expect([pictureText({ width: 640, height: 360 }), pictureText({})]).toEqual(['640×360', '–']);
  expect([layersText({ spatialLayer: 1, temporalLayer: 2 }, 3), layersText(undefined, 3)]).toEqual([
    '2 of 3, T3',
    '–',
  ]);
});
