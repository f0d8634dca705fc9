import { expect, it } from 'vitest';
import { busiestToMean, costGrowths, sharesOf } from './figures.ts';

it('says how even workers are', () => {
  expect(sharesOf([300, 100])).toEqual([0.75, 0.25]);
  expect(busiestToMean([300, 100])).toBe(1.5);
  expect(busiestToMean([50, 50, 50])).toBe(1);
});

it('takes workers that did nothing for even', () => {
  expect([sharesOf([0, 0]), busiestToMean([0, 0])]).toEqual([[0, 0], 1]);
});

it('compares the smallest and the biggest audience of each shape of cluster', () => {
  const row = (viewers: number, nodes: number, usPerPacket: number) => ({
    ...{ viewers, nodes, workersPerNode: 1, usPerPacket },
  });
  expect(costGrowths([row(500, 1, 9), row(50, 1, 10), row(200, 1, 20), row(50, 3, 12)])).toEqual([
    { nodes: 1, workersPerNode: 1, fromViewers: 50, toViewers: 500, ratio: 0.9 },
  ]);
});
