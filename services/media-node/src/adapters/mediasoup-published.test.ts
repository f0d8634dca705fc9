import { expect, it } from 'vitest';
import { videoParameters } from '../testing/rtp-parameters.ts';
import { publishedMedia } from './mediasoup-published.ts';

const rtpParameters = videoParameters({ ssrcs: [1, 2], scalabilityMode: 'L1T3' });
const dtxOf = (restsWhenStill: boolean): unknown[] =>
  publishedMedia({ kind: 'video', rtpParameters, muted: false, restsWhenStill }).rtpParameters.encodings!.map(
    ({ dtx, scalabilityMode }) => [dtx, scalabilityMode],
  );

it('the layers of a still screen do not count as gone', () => {
  expect(dtxOf(true)).toEqual([
    [true, 'L1T3'],
    [true, 'L1T3'],
  ]);
});

it('the silent layers of a camera count as gone', () => {
  expect(dtxOf(false)).toEqual([
    [undefined, 'L1T3'],
    [undefined, 'L1T3'],
  ]);
});
