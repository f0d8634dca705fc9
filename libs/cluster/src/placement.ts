import { SkeinError, type NodeRecord } from '@skein/protocol';
import type { Random } from '@skein/runtime';
import type { PlacementCandidates } from './room-store.ts';

/** A node as one gateway sees it: its last beat, and what was assigned to it since. */
export interface NodeView {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  /** Sessions assigned that the node's last report may not show yet, by anyone as far as known. */
  readonly assignedSinceBeat: number;
  /** Sessions that the report shows and that are too young for their media to be in its `used`. Default 0. */
  readonly youngSessions?: number;
}

export interface PlacementPolicy {
  /** Projected load above which a node takes no more sessions. Default 0.9. */
  readonly maxUsed: number;
  /**
   * A room stays with its hosts while their projected load is below this many times the mean of the nodes. Default 1.2:
   * a burst into one room spills over, and ends within 1.3 times the fair share although views of the load are late.
   */
  readonly hostSpread: number;
  /** Below this projected load a room stays with its hosts whatever the mean is. Default 0.04: some 20 young sessions. */
  readonly hostFloor: number;
  /** A node not heard from for this long is not chosen. Default 1500: six beats. */
  readonly staleAfterMs: number;
  /** The least that a session is expected to cost, as a share of a node. Default 0.002: 500 sessions fill a node. */
  readonly minSessionCost: number;
  /** The most, so that one busy session on an empty node doesn't close it. Default 0.02. */
  readonly maxSessionCost: number;
}

export const defaultPlacementPolicy: PlacementPolicy = {
  maxUsed: 0.9,
  hostSpread: 1.2,
  hostFloor: 0.04,
  staleAfterMs: 1500,
  minSessionCost: 0.002,
  maxSessionCost: 0.02,
};

export interface CandidateQuery {
  readonly now: number;
  /** Nodes of this region are taken while one of them is open; else any. */
  readonly region?: string | undefined;
  readonly wishedNodeId?: string | undefined;
  /** Nodes that are out of the question, such as the one that a session moves away from. */
  readonly excludeNodeIds?: readonly string[] | undefined;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  readonly random: Random;
}

/**
 * What the placing script needs to know of the nodes: those that a room may stay with, and the better of two random
 * ones. Both are nodes not much above the mean, so that many joins at once, of one room or of many, spread. A wished
 * node need not be under its limit. Fails with `NODE_NOT_FOUND` when the wished node is not ready, not heard from, or
 * excluded.
 */
export function chooseCandidates(nodes: readonly NodeView[], query: CandidateQuery): PlacementCandidates {
  const { now, region, wishedNodeId, excludeNodeIds = [], policy = defaultPlacementPolicy, random } = query;
  const usable = nodes.filter(
    (node) => isUsable(node, now, policy) && !excludeNodeIds.includes(node.record.nodeId),
  );
  if (wishedNodeId !== undefined && !usable.some(({ record }) => record.nodeId === wishedNodeId)) {
    throw nodeNotFound(wishedNodeId);
  }
  const loads: NodeLoadView[] = usable.map((node) => ({ node, load: projectedLoad(node, policy) }));
  const open = evenlyLoaded(
    inRegion(
      loads.filter(({ load }) => load < policy.maxUsed),
      region,
    ),
    policy,
  );
  return {
    openNodeIds: open.map(({ node }) => node.record.nodeId),
    fallbackNodeId: betterOfTwo(open, random)?.node.record.nodeId,
    ...(wishedNodeId !== undefined && { wishedNodeId }),
  };
}

interface NodeLoadView {
  readonly node: NodeView;
  readonly load: number;
}

/** The node's last report plus what is not in it yet, as a share of its capacity. */
export function projectedLoad(view: NodeView, policy: PlacementPolicy): number {
  const { record, assignedSinceBeat, youngSessions = 0 } = view;
  const { used, sessions } = record.load;
  const settled = sessions - youngSessions;
  const average = settled > 0 ? used / settled : 0;
  const cost = Math.min(Math.max(average, policy.minSessionCost), policy.maxSessionCost);
  return used + (assignedSinceBeat + youngSessions) * cost;
}

function isUsable({ record, lastSeenMs }: NodeView, now: number, { staleAfterMs }: PlacementPolicy): boolean {
  return record.state === 'ready' && now - lastSeenMs <= staleAfterMs;
}

function inRegion(nodes: readonly NodeLoadView[], region: string | undefined): readonly NodeLoadView[] {
  if (region === undefined) return nodes;
  const near = nodes.filter(({ node }) => node.record.region === region);
  return near.length > 0 ? near : nodes;
}

/** Never empty unless `nodes` is: the least loaded one is not above the mean. */
function evenlyLoaded(
  nodes: readonly NodeLoadView[],
  { hostSpread, hostFloor }: PlacementPolicy,
): readonly NodeLoadView[] {
  const mean = nodes.reduce((sum, { load }) => sum + load, 0) / nodes.length;
  const limit = Math.max(hostFloor, hostSpread * mean);
  return nodes.filter(({ load }) => load < limit);
}

/**
 * Two random nodes and the less loaded of them, rather than the least loaded of all: reports are old by up to a beat,
 * and every gateway would send everyone to the same one (M. Mitzenmacher, "The power of two choices", 2001).
 */
function betterOfTwo(nodes: readonly NodeLoadView[], random: Random): NodeLoadView | undefined {
  const first = Math.floor(random() * nodes.length);
  const one = nodes[first];
  if (nodes.length < 2) return one;
  const other = nodes[(first + 1 + Math.floor(random() * (nodes.length - 1))) % nodes.length];
  return one && other && other.load < one.load ? other : one;
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
