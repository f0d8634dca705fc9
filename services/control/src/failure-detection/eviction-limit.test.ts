import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlacedNode } from '../nodes/node-watch.ts';
import { defaultEvictionLimit, mayEvict, type Membership } from './eviction-limit.ts';

const policy = defaultEvictionLimit;

function region(name: string, count: number): PlacedNode[] {
  return Array.from({ length: count }, (_, at) => ({ nodeId: `${name}-${at}`, region: name }));
}

function membership(nodes: readonly PlacedNode[], ...missing: string[]): Membership {
  return { nodes, missing: new Set(missing) };
}

const eu0 = { nodeId: 'eu-0', region: 'eu' };

it('one node is evicted at once, also the only one of its region', () => {
  expect(mayEvict(eu0, 0, membership(region('eu', 3), 'eu-0'), policy)).toBe(true);
  expect(mayEvict(eu0, 0, membership(region('eu', 1), 'eu-0'), policy)).toBe(true);
});

it('more than half of a region is evicted only after the longer look', () => {
  const three = membership(region('eu', 3), 'eu-0', 'eu-1');
  expect(mayEvict(eu0, policy.longLookMs - 1, three, policy)).toBe(false);
  expect(mayEvict(eu0, policy.longLookMs, three, policy)).toBe(true);
  expect(mayEvict(eu0, 0, membership(region('eu', 4), 'eu-0', 'eu-1'), policy)).toBe(true);
});

it('missing nodes of other regions count for the cluster limit only', () => {
  const nodes = [...region('eu', 3), ...region('us', 50)];
  expect(mayEvict(eu0, 0, membership(nodes, 'eu-0', 'eu-1'), policy)).toBe(false);
  expect(mayEvict(eu0, 0, membership(nodes, 'eu-0', 'us-1', 'us-2'), policy)).toBe(true);
  expect(mayEvict(eu0, 0, membership(nodes, 'eu-0', 'us-1', 'us-2', 'us-3'), policy)).toBe(false);
});

describe('for any cluster', () => {
  const cluster = fc.record({
    sizes: fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 4 }),
    lost: fc.array(fc.nat(47), { maxLength: 20 }),
    deadForMs: fc.nat(6000),
  });

  it('without the longer look, at most half of a region and `atOnce` nodes are ever evicted', () => {
    fc.assert(
      fc.property(cluster, ({ sizes, lost, deadForMs }) => {
        const nodes = sizes.flatMap((size, at) => region(`r${at}`, size));
        const missing = new Set(lost.flatMap((at) => nodes[at]?.nodeId ?? []));
        const now = { nodes, missing };
        const evicted = nodes.filter(
          (node) => missing.has(node.nodeId) && mayEvict(node, deadForMs, now, policy),
        );
        const longLook = deadForMs >= policy.longLookMs;
        expect(evicted.length).toBeLessThanOrEqual(longLook ? missing.size : policy.atOnce);
        expect(longLook && evicted.length < missing.size).toBe(false);
        for (const [at, size] of sizes.entries()) {
          const here = evicted.filter((node) => node.region === `r${at}`).length;
          expect(here).toBeLessThanOrEqual(longLook ? size : Math.max(1, size / 2));
        }
      }),
      { numRuns: 2000 },
    );
  });
});
