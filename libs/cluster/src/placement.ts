import { SkeinError, type NodeRecord } from '@skein/protocol';
import type { Random } from '@skein/runtime';
import type { PlacementCandidates } from './room-store.ts';

/** A node as one gateway sees it: its last beat, and what was assigned to it since. */
export interface NodeView {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  /** Sessions assigned that the node's last report may not show yet, by anyone as far as known. */
  readonly assignedSinceBeat: number;
}

export interface PlacementPolicy {
  /** Projected load above which a node takes no more sessions. Default 0.9. */
  readonly maxUsed: number;
  /** A node not heard from for this long is not chosen. Default 3000. */
  readonly staleAfterMs: number;
  /** The least that a session is expected to cost, as a share of a node. Default 0.002: 500 sessions fill a node. */
  readonly minSessionCost: number;
  /** The most, so that one busy session on an empty node doesn't close it. Default 0.02. */
  readonly maxSessionCost: number;
}

export const defaultPlacementPolicy: PlacementPolicy = {
  maxUsed: 0.9,
  staleAfterMs: 3000,
  minSessionCost: 0.002,
  maxSessionCost: 0.02,
};

export interface CandidateQuery {
  readonly now: number;
  /** Nodes of this region are taken while one of them is open; else any. */
  readonly region?: string | undefined;
  readonly wishedNodeId?: string | undefined;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  readonly random: Random;
}

/**
 * What the placing script needs to know of the nodes: those that may take a session, and the better of two random
 * ones among them. A wished node need not be under its limit. Fails with `NODE_NOT_FOUND` when the wished node is
 * not ready or not heard from.
 */
export function chooseCandidates(nodes: readonly NodeView[], query: CandidateQuery): PlacementCandidates {
  const { now, region, wishedNodeId, policy = defaultPlacementPolicy, random } = query;
  const usable = nodes.filter((node) => isUsable(node, now, policy));
  if (wishedNodeId !== undefined && !usable.some(({ record }) => record.nodeId === wishedNodeId)) {
    throw nodeNotFound(wishedNodeId);
  }
  const open = inRegion(
    usable.filter((node) => projectedLoad(node, policy) < policy.maxUsed),
    region,
  );
  return {
    openNodeIds: open.map(({ record }) => record.nodeId),
    fallbackNodeId: betterOfTwo(open, policy, random)?.record.nodeId,
    ...(wishedNodeId !== undefined && { wishedNodeId }),
  };
}

/** The node's last report plus what was assigned to it since, as a share of its capacity. */
export function projectedLoad({ record, assignedSinceBeat }: NodeView, policy: PlacementPolicy): number {
  const { used, sessions } = record.load;
  const average = sessions > 0 ? used / sessions : 0;
  const cost = Math.min(Math.max(average, policy.minSessionCost), policy.maxSessionCost);
  return used + assignedSinceBeat * cost;
}

function isUsable({ record, lastSeenMs }: NodeView, now: number, { staleAfterMs }: PlacementPolicy): boolean {
  return record.state === 'ready' && now - lastSeenMs <= staleAfterMs;
}

function inRegion(nodes: readonly NodeView[], region: string | undefined): readonly NodeView[] {
  if (region === undefined) return nodes;
  const near = nodes.filter(({ record }) => record.region === region);
  return near.length > 0 ? near : nodes;
}

/**
 * Two random nodes and the less loaded of them, rather than the least loaded of all: reports are old by up to a beat,
 * and every gateway would send everyone to the same one (M. Mitzenmacher, "The power of two choices", 2001).
 */
function betterOfTwo(
  nodes: readonly NodeView[],
  policy: PlacementPolicy,
  random: Random,
): NodeView | undefined {
  const first = Math.floor(random() * nodes.length);
  const one = nodes[first];
  if (nodes.length < 2) return one;
  const other = nodes[(first + 1 + Math.floor(random() * (nodes.length - 1))) % nodes.length];
  return one && other && projectedLoad(other, policy) < projectedLoad(one, policy) ? other : one;
}

function nodeNotFound(nodeId: string): SkeinError {
  return new SkeinError(
    'NODE_NOT_FOUND',
    'no such node takes sessions now; leave the choice to the cluster',
    {
      details: { nodeId },
    },
  );
}
