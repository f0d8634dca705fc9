import type { PlacedNode } from '../nodes/node-watch.ts';

/** Limits on how many nodes are evicted on a first look. */
export interface BrakePolicy {
  /** Nodes of the whole cluster that may be missing before each eviction takes a second look. */
  readonly atOnce: number;
  /** How long the evidence must stay what it is for that. */
  readonly longLookMs: number;
  /** How long a node that was evicted and has not come back counts as missing. */
  readonly rememberMs: number;
}

export const defaultBrake: BrakePolicy = { atOnce: 3, longLookMs: 3000, rememberMs: 10_000 };

/** What there is and what is missing of the cluster, at one moment. */
export interface Roll {
  /** All nodes that were there lately, missing or not. */
  readonly nodes: readonly PlacedNode[];
  /** Those that are not heard or were evicted lately. A node that said that it leaves is not missing. */
  readonly missing: ReadonlySet<string>;
}

/**
 * Whether a node that is dead by all evidence, and has been for `deadForMs`, may be evicted now. While one node of a region
 * is missing, at once. When more than half of its region is, or more than `atOnce` nodes of the cluster, the cause is more
 * likely what lies between, which comes back: then only once the evidence has stood for `longLookMs`. Pure.
 */
export function mayEvict(node: PlacedNode, deadForMs: number, roll: Roll, policy: BrakePolicy): boolean {
  if (deadForMs >= policy.longLookMs) return true;
  // The node itself may be the only one that its region has.
  const missing = new Set(roll.missing).add(node.nodeId);
  if (missing.size > policy.atOnce) return false;
  const inRegion = new Set(
    roll.nodes.filter(({ region }) => region === node.region).map(({ nodeId }) => nodeId),
  );
  inRegion.add(node.nodeId);
  const missingHere = [...missing].filter((nodeId) => inRegion.has(nodeId)).length;
  return missingHere <= Math.max(1, Math.floor(inRegion.size / 2));
}
