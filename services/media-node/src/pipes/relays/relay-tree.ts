import { relaysFor } from '@skein/cluster';
import type { PipeDemand, RelayState } from '../model/pipe-model.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';

export interface RelayTreeDeps {
  readonly nodeId: string;
  readonly room: { readonly nodeIds: ReadonlySet<string> };
  readonly policy: PipePolicy;
}

/** Determines the nodes whose fan-out is full, and the relays through which this node pulls their tracks. */
export class RelayTree {
  readonly #deps: RelayTreeDeps;
  /** The nodes that `#relays` was computed for. */
  #nodes: ReadonlySet<string> = new Set();
  readonly #relays = new Map<string, readonly string[]>();
  #atFanOutLimit: ReadonlySet<string> = new Set();

  constructor(deps: RelayTreeDeps) {
    this.#deps = deps;
  }

  /** The relays to a node's tracks as the room is now, the best first; none: its tracks are pulled directly. */
  relaysTo(originNodeId: string): readonly string[] {
    const { nodeId, room, policy } = this.#deps;
    const nodes = room.nodeIds;
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
   * The nodes at their fan-out limit among those whose tracks are demanded. A node whose tracks come through a relay
   * stays among them until the room has shrunk to half its fan-out, so that joins and leaves at the limit reroute nothing.
   */
  atFanOutLimit(
    { demand, tracks }: Pick<PipeDemand, 'demand' | 'tracks'>,
    relays: ReadonlyMap<string, RelayState>,
  ): ReadonlySet<string> {
    const { nodeId, room, policy } = this.#deps;
    const few = room.nodeIds.size <= policy.fanOut / 2;
    const origins = few ? [] : [...demand.keys()].flatMap((media) => tracks.get(media)?.nodeId ?? []);
    const stays = (origin: string): boolean =>
      this.#atFanOutLimit.has(origin) && relays.get(origin)?.kind === 'found';
    this.#atFanOutLimit = new Set(
      origins.filter((origin) => origin !== nodeId && (stays(origin) || this.relaysTo(origin).length > 0)),
    );
    return this.#atFanOutLimit;
  }
}
