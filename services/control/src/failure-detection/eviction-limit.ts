import type { PlacedNode } from '../nodes/node-watch.ts';

/** Limits how many nodes are evicted at once. */
export interface EvictionLimitPolicy {
  /** Nodes of the whole cluster that may be missing before evictions wait for `longLookMs`. */
  readonly atOnce: number;
  /** How long the evidence must stand then. */
  readonly longLookMs: number;
  /** How long an evicted node that has not come back counts as missing. */
  readonly rememberMs: number;
}

export const defaultEvictionLimit: EvictionLimitPolicy = { atOnce: 3, longLookMs: 3000, rememberMs: 10_000 };

/** The nodes of the cluster at one moment, and those that are missing. */
export interface Membership {
  /** All nodes that were there lately, missing or not. */
  readonly nodes: readonly PlacedNode[];
  /** Nodes that are silent or were evicted lately. A draining node is not missing. */
  readonly missing: ReadonlySet<string>;
}

/**
 * Whether a node that has been dead by all evidence for `deadForMs` may be evicted now. A single missing node of a region is
 * evicted at once. When more than half of its region is missing, or more than `atOnce` nodes of the cluster, a network
 * failure that heals is more likely: the evidence must stand for `longLookMs` then. Pure.
 */
export function mayEvict(
  node: PlacedNode,
  deadForMs: number,
  membership: Membership,
  policy: EvictionLimitPolicy,
): boolean {
  if (deadForMs >= policy.longLookMs) return true;
  // The node itself may be the only one of its region.
  const missing = new Set(membership.missing).add(node.nodeId);
  if (missing.size > policy.atOnce) return false;
  const inRegion = new Set(
    membership.nodes.filter(({ region }) => region === node.region).map(({ nodeId }) => nodeId),
  );
  inRegion.add(node.nodeId);
  const missingHere = [...missing].filter((nodeId) => inRegion.has(nodeId)).length;
  return missingHere <= Math.max(1, Math.floor(inRegion.size / 2));
}
