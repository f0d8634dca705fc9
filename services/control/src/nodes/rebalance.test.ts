import type { NodeRecord } from '@skein/protocol';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { MAX_MOVES_PER_NODE, planRebalance, TOLERATED_SHARE } from './rebalance.ts';

interface Given {
  readonly nodeId: string;
  readonly used: number;
  readonly sessions: number;
  readonly region?: string;
  readonly state?: 'ready' | 'draining';
}

function node({ nodeId, used, sessions, region = 'eu', state = 'ready' }: Given): NodeRecord {
  const load = { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions, used };
  return {
    ...{ nodeId, region, state, grpcAddress: `${nodeId}:7100`, workers: 2, version: '0.1.0' },
    ...{ startedAtMs: 1, beat: 1, load },
  };
}

const moves = (...given: Given[]) =>
  planRebalance(given.map(node)).map(({ nodeId, count }) => [nodeId, count]);

it('a node above its share moves what it has over the mean', () => {
  expect(
    moves(
      { nodeId: 'a', used: 0.8, sessions: 80 },
      { nodeId: 'b', used: 0.2, sessions: 20 },
      { nodeId: 'c', used: 0.2, sessions: 20 },
    ),
  ).toEqual([['a', 40]]);
});

it('nodes within their share move nothing', () => {
  expect(moves({ nodeId: 'a', used: 0.55, sessions: 55 }, { nodeId: 'b', used: 0.45, sessions: 45 })).toEqual(
    [],
  );
});

it('a new, empty node draws sessions also when no media flows yet', () => {
  expect(moves({ nodeId: 'a', used: 0, sessions: 10 }, { nodeId: 'b', used: 0, sessions: 0 })).toEqual([
    ['a', 5],
  ]);
});

it('one call moves no more than the bound from a node', () => {
  const [move] = moves({ nodeId: 'a', used: 1, sessions: 5000 }, { nodeId: 'b', used: 0, sessions: 0 });
  expect(move).toEqual(['a', MAX_MOVES_PER_NODE]);
});

it('draining nodes and other regions are no place to move to', () => {
  const crowded = { nodeId: 'a', used: 0.8, sessions: 80 };
  expect(moves(crowded, { nodeId: 'b', used: 0, sessions: 0, state: 'draining' })).toEqual([]);
  expect(moves(crowded, { nodeId: 'b', used: 0, sessions: 0, region: 'us' })).toEqual([]);
  expect(moves({ ...crowded, state: 'draining' }, { nodeId: 'b', used: 0, sessions: 0 })).toEqual([]);
});

it('no nodes need no moves', () => {
  expect(moves()).toEqual([]);
});

it('a plan moves only sessions above the mean, and leaves nodes within their share alone', () => {
  const anyNode = fc.record({
    used: fc.double({ min: 0, max: 2, noNaN: true }),
    sessions: fc.nat(1000),
    region: fc.constantFrom('eu', 'us'),
    state: fc.constantFrom('ready' as const, 'draining' as const),
  });
  fc.assert(
    fc.property(fc.array(anyNode, { maxLength: 12 }), (given) => {
      const nodes = given.map((one, index) => node({ ...one, nodeId: `n${index}` }));
      const weight = ({ load }: NodeRecord): number => Math.max(load.used, load.sessions * 0.002);
      for (const { nodeId, count } of planRebalance(nodes)) {
        const from = nodes.find((one) => one.nodeId === nodeId);
        if (!from) throw new Error('an unknown node');
        const peers = nodes.filter(({ state, region }) => state === 'ready' && region === from.region);
        const mean = peers.reduce((sum, one) => sum + weight(one), 0) / peers.length;
        expect(from.state).toBe('ready');
        expect(weight(from)).toBeGreaterThan(mean * TOLERATED_SHARE);
        expect(count).toBeLessThanOrEqual(Math.min(from.load.sessions, MAX_MOVES_PER_NODE));
        expect(weight(from) * (1 - count / from.load.sessions)).toBeGreaterThanOrEqual(mean - 1e-9);
      }
    }),
  );
});
