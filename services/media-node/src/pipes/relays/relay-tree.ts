import { relaysFor } from '@skein/cluster';
import type { PipePlanInput } from '../planning/pipe-plan.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { RelayState } from '../planning/routing.ts';

export interface RelayTreeParts {
  readonly nodeId: string;
  readonly roomNodes: () => ReadonlySet<string>;
  readonly policy: PipePolicy;
}

type Demand = Pick<PipePlanInput, 'needs' | 'tracks'>;

/** Which nodes feed so many others of the room that this one gets their tracks through relays. */
export class RelayTree {
  readonly #parts: RelayTreeParts;
  /** The nodes that `#relays` holds for. */
  #nodes: ReadonlySet<string> = new Set();
  readonly #relays = new Map<string, readonly string[]>();
  #crowded: ReadonlySet<string> = new Set();

  constructor(parts: RelayTreeParts) {
    this.#parts = parts;
  }

  /** The relays to a node's tracks as the room is now, the best first; none: they come straight from there. */
  relaysTo(originNodeId: string): readonly string[] {
    const { nodeId, roomNodes, policy } = this.#parts;
    const nodes = roomNodes();
    if (nodes.size !== this.#nodes.size || [...nodes].some((node) => !this.#nodes.has(node))) {
      this.#nodes = nodes;
      this.#relays.clear();
    }
    const known = this.#relays.get(originNodeId);
    const relays = known ?? relaysFor(nodeId, originNodeId, nodes, policy.fanOut);
    this.#relays.set(originNodeId, relays);
    return relays;
  }

  /**
   * Of the nodes whose tracks are needed, those that feed many. One whose tracks come through a relay stays among them
   * until there are half as many nodes as it could feed: who comes and goes at the limit changes nobody's way.
   */
  crowded({ needs, tracks }: Demand, relays: ReadonlyMap<string, RelayState>): ReadonlySet<string> {
    const { nodeId, roomNodes, policy } = this.#parts;
    const few = roomNodes().size <= policy.fanOut / 2;
    const origins = few ? [] : [...needs.keys()].flatMap((media) => tracks.get(media)?.nodeId ?? []);
    const stays = (origin: string): boolean =>
      this.#crowded.has(origin) && relays.get(origin)?.kind === 'found';
    this.#crowded = new Set(
      origins.filter((origin) => origin !== nodeId && (stays(origin) || this.relaysTo(origin).length > 0)),
    );
    return this.#crowded;
  }
}
