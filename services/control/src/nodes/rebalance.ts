import { defaultPlacementPolicy } from '@skein/cluster';
import type { NodeRecord } from '@skein/protocol';

/** Tolerated load relative to the region's mean: smaller differences are not worth the migrations. */
export const TOLERATED_SHARE = 1.2;
/** Sessions per node and call; the next call takes the rest. */
export const MAX_MOVES_PER_NODE = 100;

export interface NodeMove {
  readonly nodeId: string;
  readonly grpcAddress: string;
  readonly count: number;
}

/**
 * Plans how many sessions each node gives away, so that none carries more than `TOLERATED_SHARE` of its region's mean.
 * Placement chooses the targets. Draining nodes neither give nor count.
 */
export function planRebalance(nodes: readonly NodeRecord[]): readonly NodeMove[] {
  const ready = nodes.filter(({ state }) => state === 'ready');
  const regions = new Set(ready.map(({ region }) => region));
  return [...regions].flatMap((region) => planRegion(ready.filter((node) => node.region === region)));
}

function planRegion(nodes: readonly NodeRecord[]): readonly NodeMove[] {
  const mean = nodes.reduce((sum, node) => sum + weightOf(node), 0) / nodes.length;
  return nodes.flatMap((node) => {
    const weight = weightOf(node);
    if (weight <= mean * TOLERATED_SHARE) return [];
    const { nodeId, grpcAddress, load } = node;
    const surplus = Math.floor((load.sessions * (weight - mean)) / weight);
    const count = Math.min(surplus, MAX_MOVES_PER_NODE);
    return count > 0 ? [{ nodeId, grpcAddress, count }] : [];
  });
}

/** The node's load, with a minimum per session, as media of new sessions does not flow yet. */
function weightOf({ load: { used, sessions } }: NodeRecord): number {
  return Math.max(used, sessions * defaultPlacementPolicy.minSessionCost);
}
