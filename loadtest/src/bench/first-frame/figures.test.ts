import { expect, it } from 'vitest';
import { figuresOf, type Seen } from './figures.ts';
import type { Place } from './newcomers.ts';

function seen(place: Place, frameMs: number): Seen {
  return { place, view: { answeredMs: 5, connectedMs: 20, packetMs: 30, frameMs } };
}

it('judges those on other nodes, and tells of each place', () => {
  const figures = figuresOf([seen('sameNode', 900), seen('carried', 40), seen('opened', 80)]);
  expect(figures.firstFrameMs).toEqual({ p50: 40, p95: 80, max: 80 });
  expect(figures.cases.map(({ place, joins, firstFrameMs }) => [place, joins, firstFrameMs.max])).toEqual([
    ['sameNode', 1, 900],
    ['carried', 1, 40],
    ['opened', 1, 80],
  ]);
  expect(figures.cases[0]?.answerMs.p50).toBe(5);
});
