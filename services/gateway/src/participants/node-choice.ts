import {
  chooseCandidates,
  defaultPlacementPolicy,
  isOver,
  isUsable,
  type NodeDirectory,
  type NodeStart,
  type PlacementCandidates,
} from '@skein/cluster';
import type { NodeRecord } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';

export interface NodePreferences {
  readonly preferredNodeId: string | undefined;
  /** Default: the gateway's own. */
  readonly region: string | undefined;
  /** Nodes that were tried already. */
  readonly excludedNodeIds: ReadonlySet<string>;
  /** A node to exclude, unless it was restarted since. */
  readonly lost?: LostNode | undefined;
}

/** A node that lost a session; without a start, any start of it. */
export interface LostNode {
  readonly nodeId: string;
  readonly start: NodeStart | undefined;
}

export interface NodeChoiceDeps {
  readonly directory: NodeDirectory;
  readonly clock: Clock;
  readonly random: Random;
}

/** The nodes that a join may be placed on, from this gateway's live view of them. */
export class NodeChoice {
  readonly #deps: NodeChoiceDeps;
  readonly #region: string;

  constructor(region: string, deps: NodeChoiceDeps) {
    this.#region = region;
    this.#deps = deps;
  }

  /** Fails `NODE_NOT_FOUND` when the preferred node can't be placed on. */
  candidates({
    preferredNodeId,
    region = this.#region,
    excludedNodeIds,
    lost,
  }: NodePreferences): PlacementCandidates {
    const { directory, clock, random } = this.#deps;
    const nodes = directory
      .views()
      .filter(({ record }) => !excludedNodeIds.has(record.nodeId) && !isLost(record, lost));
    return chooseCandidates(nodes, {
      now: clock.monotonicMs(),
      random,
      region,
      preferredNodeId,
    });
  }

  /** Nodes that a session can be placed on now, whatever their load: neither draining, nor silent, nor dead. */
  get usableNodes(): number {
    const now = this.#deps.clock.monotonicMs();
    return this.#deps.directory.views().filter((view) => isUsable(view, now)).length;
  }

  /** Whether the node sent a heartbeat lately: if not, it is not expected to answer. */
  isAlive(nodeId: string): boolean {
    const { staleAfterMs } = defaultPlacementPolicy;
    const view = this.#deps.directory.views().find(({ record }) => record.nodeId === nodeId);
    return view !== undefined && this.#deps.clock.monotonicMs() - view.lastSeenMs <= staleAfterMs;
  }

  /** Counts a placement, for this gateway at once and for the others through the store. */
  assigned(nodeId: string): void {
    this.#deps.directory.noteAssignment(nodeId);
  }
}

function isLost(record: NodeRecord, lost: LostNode | undefined): boolean {
  if (lost?.nodeId !== record.nodeId) return false;
  return !lost.start || isOver(record, lost.start);
}
