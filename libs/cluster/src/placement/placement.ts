import { SkeinError, type NodeRecord } from '@skein/protocol';
import type { Random } from '@skein/runtime';
import type { PlacementCandidates } from '../store/room-store.ts';

/** A node as one gateway sees it: its last beat, and what was assigned to it since. */
export interface NodeView {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  /** Sessions assigned that the node's last report may not show yet, by anyone as far as known. */
  readonly assignedSinceBeat: number;
  /**
   * What it reported a while ago: the media of sessions that came since may not be in its `used` yet. Default: the same
   * as its last report.
   */
  readonly settled?: Pick<NodeRecord['load'], 'used' | 'sessions'> | undefined;
  /** By how many sessions the node grew in the last seconds, as far as its reports show it. Default 0. */
  readonly recentSessions?: number;
}

export interface PlacementPolicy {
  /** Projected load above which a node takes no more sessions. Default 0.9. */
  readonly maxUsed: number;
  /** How many times the mean of the nodes one of them may be above it, in load and in recent sessions. Default 1.15. */
  readonly spread: number;
  /** So much above the mean load a room still stays together, whatever the mean is. Default 0.1. */
  readonly loadSlack: number;
  /** So many recent sessions a node may have whatever the others have: small rooms stay together. Default 10. */
  readonly burstSlack: number;
  /** A node not heard from for this long is not chosen. Default 1500: six heartbeats. */
  readonly staleAfterMs: number;
  /** The least that a session is expected to cost, as a share of a node. Default 0.002: 500 sessions fill a node. */
  readonly minSessionCost: number;
  /** The most, so that one busy session on an empty node doesn't close it. Default 0.02. */
  readonly maxSessionCost: number;
}

export const defaultPlacementPolicy: PlacementPolicy = {
  maxUsed: 0.9,
  spread: 1.15,
  loadSlack: 0.1,
  burstSlack: 10,
  staleAfterMs: 1500,
  minSessionCost: 0.002,
  maxSessionCost: 0.02,
};

export interface CandidateQuery {
  readonly now: number;
  /** Nodes of this region are taken while one of them is open; else any. */
  readonly region?: string | undefined;
  readonly preferredNodeId?: string | undefined;
  /** Nodes that are not chosen, such as the one that a session migrates away from. */
  readonly excludeNodeIds?: readonly string[] | undefined;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  readonly random: Random;
}

/**
 * What the placing script needs to know of the nodes: those that a room may stay with, and the better of two random
 * ones. Both are nodes not much above the mean, so that a room that grows, and many joins at once, spread. A preferred node
 * may be loaded, but not at a hard limit. Fails with `NODE_NOT_FOUND` when the preferred node is not ready, not heard from, or
 * excluded, with `LIMIT_EXCEEDED` when it is at a hard limit.
 */
export function chooseCandidates(nodes: readonly NodeView[], query: CandidateQuery): PlacementCandidates {
  const {
    now,
    region,
    preferredNodeId,
    excludeNodeIds = [],
    policy = defaultPlacementPolicy,
    random,
  } = query;
  const usable = nodes.filter(
    (node) => isUsable(node, now, policy) && !excludeNodeIds.includes(node.record.nodeId),
  );
  if (preferredNodeId !== undefined) checkPreferred(usable, preferredNodeId);
  const loads = usable.map((node) => ({ node, load: projectedLoad(node, policy) }));
  const open = loads.filter(({ load }) => load < policy.maxUsed);
  const even = evenlyUsed(inRegion(open, region), policy);
  return {
    openNodeIds: even.map(({ node }) => node.record.nodeId),
    fallbackNodeId: betterOfTwo(even, random)?.node.record.nodeId,
    ...(preferredNodeId !== undefined && { preferredNodeId }),
  };
}

/** Its load may be whatever it is, but a hard limit holds for everyone. */
function checkPreferred(usable: readonly NodeView[], preferredNodeId: string): void {
  const preferred = usable.find(({ record }) => record.nodeId === preferredNodeId);
  if (!preferred) throw nodeNotFound(preferredNodeId);
  if ((preferred.record.load.limitsUsed ?? 0) >= 1) throw nodeFull(preferredNodeId);
}

interface NodeLoadView {
  readonly node: NodeView;
  readonly load: number;
}

/**
 * The node's last report, or what an earlier one leads to expect if that is more, plus what was assigned to it since;
 * as a share of its capacity.
 */
export function projectedLoad(view: NodeView, policy: PlacementPolicy): number {
  const { load } = view.record;
  const { assignedSinceBeat, settled = load } = view;
  const young = Math.max(0, load.sessions - settled.sessions);
  const average = settled.sessions > 0 ? settled.used / settled.sessions : 0;
  const cost = Math.min(Math.max(average, policy.minSessionCost), policy.maxSessionCost);
  return Math.max(load.used, settled.used + young * cost) + assignedSinceBeat * cost;
}

/** Whether the node takes sessions at all: it is ready, and was heard of lately. Its load is another question. */
export function isUsable(
  { record, lastSeenMs }: Pick<NodeView, 'record' | 'lastSeenMs'>,
  now: number,
  { staleAfterMs }: Pick<PlacementPolicy, 'staleAfterMs'> = defaultPlacementPolicy,
): boolean {
  return record.state === 'ready' && now - lastSeenMs <= staleAfterMs;
}

function inRegion(nodes: readonly NodeLoadView[], region: string | undefined): readonly NodeLoadView[] {
  if (region === undefined) return nodes;
  const near = nodes.filter(({ node }) => node.record.region === region);
  return near.length > 0 ? near : nodes;
}

/**
 * Nodes not much above the mean: in load, and of these, where there are some, in what they got lately. Load alone shows
 * a burst too late, and shaking hands with many at once costs CPU that their media won't. Never empty unless `nodes` is:
 * one of them is not above the mean.
 */
function evenlyUsed(nodes: readonly NodeLoadView[], policy: PlacementPolicy): readonly NodeLoadView[] {
  const { spread, loadSlack, burstSlack } = policy;
  const meanLoad = mean(nodes.map(({ load }) => load));
  const loadLimit = Math.max(spread * meanLoad, meanLoad + loadSlack);
  const even = nodes.filter(({ load }) => load < loadLimit);
  const recentLimit = Math.max(spread * mean(nodes.map(({ node }) => recent(node))), burstSlack);
  const calm = even.filter(({ node }) => recent(node) < recentLimit);
  return calm.length > 0 ? calm : even;
}

function recent({ assignedSinceBeat, recentSessions = 0 }: NodeView): number {
  return assignedSinceBeat + recentSessions;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
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

function nodeFull(nodeId: string): SkeinError {
  return new SkeinError(
    'LIMIT_EXCEEDED',
    'that node has reached one of its limits; leave the choice to the cluster',
    {
      details: { nodeId },
      retryAfterMs: 2000,
    },
  );
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
