import { SkeinError } from '@skein/protocol';
import type { PipeProbe } from '@skein/rpc';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { PeerPipes } from '../model/peer-pipes.ts';
import type { RelayState } from '../model/pipe-model.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';

/** Nodes asked in one search, one after another. */
const ASKED_AT_MOST = 4;
/** Relays of a tree asked in one search: fewer, because the origin itself is reachable too. */
const TREE_ASKED_AT_MOST = 2;
/** Pause before the next search when no node can relay. */
const RETRY_MS = 2000;
/** Given-up pipes that one node is notified of; a pair of nodes has one pipe per pair of workers. */
const GIVEN_UP_AT_MOST = 64;

export interface RelayFinderDeps {
  readonly nodeId: string;
  readonly room: { readonly name: string; readonly nodeIds: ReadonlySet<string> };
  readonly peers: PeerPipes;
  /** The relays of an origin at its fan-out limit, the best first; none: any node that can. */
  readonly treeRelays: (originNodeId: string) => readonly string[];
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onChange: () => void;
}

interface Search {
  state: RelayState;
  /** Nodes asked so far; asked again only after all others. */
  readonly asked: Set<string>;
}

/** Finds relays: nodes that reach the ones which this node cannot reach. */
export class RelayFinder {
  readonly #deps: RelayFinderDeps;
  readonly #searches = new Map<string, Search>();
  /** Given-up pipes, by the node that they led to. */
  readonly #givenUp = new Map<string, readonly PipeProbe[]>();

  constructor(deps: RelayFinderDeps) {
    this.#deps = deps;
  }

  get view(): ReadonlyMap<string, RelayState> {
    return new Map([...this.#searches].map(([nodeId, { state }]) => [nodeId, state]));
  }

  /** A pipe to the node broke. The relay notifies the node, which may still receive from this one. */
  gaveUp(originNodeId: string, pipe: PipeProbe): void {
    const earlier = this.#givenUp.get(originNodeId) ?? [];
    this.#givenUp.set(originNodeId, [...earlier, pipe].slice(-GIVEN_UP_AT_MOST));
  }

  /** The node is reachable again. */
  reached(originNodeId: string): void {
    this.#givenUp.delete(originNodeId);
  }

  /** Finds a node that forwards the tracks of `originNodeId`: another one than the present relay. */
  find(originNodeId: string): void {
    const search = this.#searches.get(originNodeId) ?? { state: { kind: 'finding' }, asked: new Set() };
    this.#searches.set(originNodeId, search);
    search.state = { kind: 'finding' };
    void this.#search(originNodeId, search).then((state) => {
      if (this.#searches.get(originNodeId) !== search) return;
      search.state = state;
      this.#deps.onChange();
    });
  }

  forget(originNodeId: string): void {
    if (this.#searches.delete(originNodeId)) this.#deps.onChange();
  }

  async #search(originNodeId: string, search: Search): Promise<RelayState> {
    const { log, clock, random } = this.#deps;
    for (const nodeId of this.#candidates(originNodeId, search.asked)) {
      search.asked.add(nodeId);
      try {
        const routerId = await this.#ask(nodeId, originNodeId);
        log.info(
          { event: 'relay.found', peerNodeId: originNodeId, relayNodeId: nodeId },
          'a relay was found for the tracks of a node',
        );
        return { kind: 'found', at: { nodeId, routerId }, foundAtMs: clock.monotonicMs() };
      } catch (error) {
        const { code, message: reason } = SkeinError.from(error);
        log.info(
          { event: 'relay.refused', peerNodeId: originNodeId, relayNodeId: nodeId, code, reason },
          'a node declined to relay',
        );
      }
      if (this.#searches.get(originNodeId) !== search) break;
    }
    return { kind: 'none', retryAtMs: clock.monotonicMs() + jitter(RETRY_MS, random) };
  }

  async #ask(nodeId: string, originNodeId: string): Promise<string> {
    const { peers, room, policy } = this.#deps;
    const client = await peers.client(nodeId);
    const request = { room: room.name, originNodeId, givenUp: [...(this.#givenUp.get(originNodeId) ?? [])] };
    const { routerId } = await client.offerRelay(request, { deadlineMs: policy.openDeadlineMs });
    return routerId;
  }

  /** Nodes that carry the room come first; the order within a group is random, so that not all nodes choose the same. */
  #candidates(originNodeId: string, asked: Set<string>): readonly string[] {
    const { nodeId, room, treeRelays, peers, random } = this.#deps;
    const ofTree = treeRelays(originNodeId);
    if (ofTree.length > 0) return ofTree.slice(0, TREE_ASKED_AT_MOST);
    const ofRoom = room.nodeIds;
    const others = peers.ready.filter((ready) => !ofRoom.has(ready));
    const usable = [...shuffled([...ofRoom], random), ...shuffled(others, random)].filter(
      (candidate) => candidate !== nodeId && candidate !== originNodeId,
    );
    if (usable.every((candidate) => asked.has(candidate))) asked.clear();
    return usable.filter((candidate) => !asked.has(candidate)).slice(0, ASKED_AT_MOST);
  }
}

function shuffled(nodeIds: readonly string[], random: Random): readonly string[] {
  return nodeIds
    .map((nodeId) => ({ nodeId, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ nodeId }) => nodeId);
}
