import { chooseCandidates, defaultPlacementPolicy, isOver, isUsable } from '@skein/cluster';
import type { NodeDirectory, NodeStart, PlacementCandidates } from '@skein/cluster';
import type { NodeRecord } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';

export interface NodeWish {
  readonly wishedNodeId: string | undefined;
  /** Default: the gateway's own. */
  readonly region: string | undefined;
  /** Nodes that were tried already. */
  readonly exceptNodeIds: ReadonlySet<string>;
  /** A node to stay away from, unless it was started again since. */
  readonly lost?: LostNode | undefined;
}

/** A node that lost a session; without a start, whichever it was. */
export interface LostNode {
  readonly nodeId: string;
  readonly start: NodeStart | undefined;
}

/** Which nodes a join may be placed on, from this gateway's live view of them. */
export class NodeChoice {
  readonly #directory: NodeDirectory;
  readonly #region: string;
  readonly #clock: Clock;
  readonly #random: Random;

  constructor(directory: NodeDirectory, region: string, { clock, random }: { clock: Clock; random: Random }) {
    this.#directory = directory;
    this.#region = region;
    this.#clock = clock;
    this.#random = random;
  }

  /** Fails `NODE_NOT_FOUND` when the wished node can't be placed on. */
  candidates({ wishedNodeId, region = this.#region, exceptNodeIds, lost }: NodeWish): PlacementCandidates {
    const nodes = this.#directory
      .views()
      .filter(({ record }) => !exceptNodeIds.has(record.nodeId) && !isLost(record, lost));
    return chooseCandidates(nodes, {
      now: this.#clock.monotonicMs(),
      random: this.#random,
      region,
      preferredNodeId: wishedNodeId,
    });
  }

  /** Nodes that a session can be placed on now, however loaded: neither draining, nor silent, nor dead. */
  get usableNodes(): number {
    const now = this.#clock.monotonicMs();
    return this.#directory.views().filter((view) => isUsable(view, now)).length;
  }

  /** Whether the node was heard from lately: if not, it is not to be expected to answer. */
  isAlive(nodeId: string): boolean {
    const { staleAfterMs } = defaultPlacementPolicy;
    const view = this.#directory.views().find(({ record }) => record.nodeId === nodeId);
    return view !== undefined && this.#clock.monotonicMs() - view.lastSeenMs <= staleAfterMs;
  }

  /** Counts a placement, for this gateway at once and for the others through the store. */
  assigned(nodeId: string): void {
    this.#directory.noteAssignment(nodeId);
  }
}

function isLost(record: NodeRecord, lost: LostNode | undefined): boolean {
  if (lost?.nodeId !== record.nodeId) return false;
  return !lost.start || isOver(record, lost.start);
}
