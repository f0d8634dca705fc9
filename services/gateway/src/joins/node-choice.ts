import { chooseCandidates } from '@skein/cluster';
import type { NodeDirectory, PlacementCandidates } from '@skein/cluster';
import type { Clock, Random } from '@skein/runtime';

export interface NodeWish {
  readonly wishedNodeId: string | undefined;
  /** Default: the gateway's own. */
  readonly region: string | undefined;
  /** Nodes that this join has tried already. */
  readonly exceptNodeIds: ReadonlySet<string>;
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
  candidates({ wishedNodeId, region = this.#region, exceptNodeIds }: NodeWish): PlacementCandidates {
    const nodes = this.#directory.views().filter(({ record }) => !exceptNodeIds.has(record.nodeId));
    return chooseCandidates(nodes, { now: this.#clock.now(), random: this.#random, region, wishedNodeId });
  }

  /** Counts a placement, for this gateway at once and for the others through the store. */
  assigned(nodeId: string): void {
    this.#directory.noteAssignment(nodeId);
  }
}
