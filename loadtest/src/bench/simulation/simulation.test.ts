import { seededRandom } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { linksOf, treeFigures, treeGrown, treeOf } from './fan-out.ts';
import { chosenNode, PlacingSimulation } from './placing.ts';

describe('simulated placing', () => {
  it('keeps a room where most of it is, while that node is open', () => {
    const hosts = new Map([
      ['b', 2],
      ['a', 2],
      ['c', 3],
    ]);
    expect(chosenNode({ openNodeIds: ['a', 'b', 'c'], fallbackNodeId: 'd' }, hosts)).toBe('c');
    expect(chosenNode({ openNodeIds: ['a', 'b'], fallbackNodeId: 'd' }, hosts)).toBe('a');
    expect(chosenNode({ openNodeIds: ['e'], fallbackNodeId: 'd' }, hosts)).toBe('d');
    expect(chosenNode({ openNodeIds: [], fallbackNodeId: undefined }, hosts)).toBeUndefined();
  });

  it('spreads a big room and keeps small ones together', () => {
    const nodes = { count: 5, capacity: 500, joinsPerBeat: 20 };
    const big = new PlacingSimulation(nodes, seededRandom(1));
    for (let one = 0; one < 1000; one++) big.join('hall');
    expect(Math.max(...big.sessions)).toBeLessThan(1.5 * (1000 / 5));
    const small = new PlacingSimulation(nodes, seededRandom(1));
    for (let one = 0; one < 300; one++) small.join(`room-${Math.floor(one / 3)}`);
    const spread = [...small.rooms.values()].filter((hosts) => hosts.size > 1).length;
    expect(spread).toBeLessThan(20);
  });
});

describe('a simulated tree', () => {
  const nodes = Array.from({ length: 50 }, (_, at) => `media-node-${at + 1}`);

  it('has two levels and sends few copies; a star sends 49', () => {
    const figures = treeFigures('media-node-1', treeOf('media-node-1', nodes));
    expect(figures.depth).toBe(2);
    expect(figures.copiesFromOrigin).toBeLessThanOrEqual(8);
    expect(figures.copiesFromRelay).toBeLessThanOrEqual(8);
    const star = new Map(nodes.slice(1).map((node) => [node, 'media-node-1']));
    expect(treeFigures('media-node-1', star)).toMatchObject({ depth: 1, copiesFromOrigin: 49 });
  });

  it('that grew node by node has two levels too', () => {
    expect(treeFigures('media-node-1', treeGrown('media-node-1', nodes)).depth).toBe(2);
  });

  it('brings a track over a link once', () => {
    const trees = new Map(['media-node-1', 'media-node-2'].map((origin) => [origin, treeOf(origin, nodes)]));
    expect(linksOf(trees, 3)).toMatchObject({ mostCopiesPerLink: 1 });
  });
});
