import { chooseCandidates, defaultPlacementPolicy, isUsable } from '@skein/cluster';
import type { NodeDirectory, PlacementCandidates } from '@skein/cluster';
import type { NodeRecord } from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';

export interface NodeWish {
  readonly wishedNodeId: string | undefined;
  /** Default: the gateway's own. */
  readonly region: string | undefined;
  /** Nodes that were tried already. */
  readonly exceptNodeIds: ReadonlySet<string>;
  /** A node to stay away from, unless it was started again since. */
  readonly lost?: NodeStart | undefined;
}

/** One start of a node; without a time, every one. */
export interface NodeStart {
  readonly nodeId: string;
  readonly startedAtMs: number | undefined;
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
      .filter(({ record }) => !exceptNodeIds.has(record.nodeId) && !isStart(record, lost));
    return chooseCandidates(nodes, { now: this.#clock.now(), random: this.#random, region, wishedNodeId });
  }

  /** Nodes that a session can be placed on now, however loaded: neither draining, nor silent, nor dead. */
  get usableNodes(): number {
    const now = this.#clock.now();
    return this.#directory.views().filter((view) => isUsable(view, now)).length;
  }

  /** Whether the node was heard from lately: if not, it is not to be expected to answer. */
  isAlive(nodeId: string): boolean {
    const { staleAfterMs } = defaultPlacementPolicy;
    const view = this.#directory.views().find(({ record }) => record.nodeId === nodeId);
    return view !== undefined && this.#clock.now() - view.lastSeenMs <= staleAfterMs;
  }

  /** Counts a placement, for this gateway at once and for the others through the store. */
  assigned(nodeId: string): void {
    this.#directory.noteAssignment(nodeId);
  }
}

function isStart({ nodeId, startedAtMs }: NodeRecord, start: NodeStart | undefined): boolean {
  if (start?.nodeId !== nodeId) return false;
  return start.startedAtMs === undefined || startedAtMs <= start.startedAtMs;
}
