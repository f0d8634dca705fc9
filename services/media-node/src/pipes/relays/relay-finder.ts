import { SkeinError } from '@skein/protocol';
import type { PipeProbe } from '@skein/rpc';
import { jitter, type Clock, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { PeerPipes } from '../pipe-executor.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { RelayState } from '../planning/routing.ts';

/** Nodes that are asked in one search, one after another. */
const ASKED_AT_MOST = 4;
/** Of the relays of a tree, as the origin itself is there too. */
const TREE_ASKED_AT_MOST = 2;
/** Until the next search, when nobody can relay. */
const RETRY_MS = 2000;
/** Pipes to one node of which it is told that they were given up; a pair of nodes has one per pair of workers. */
const GIVEN_UP_AT_MOST = 64;

export interface RelayFinderParts {
  readonly nodeId: string;
  readonly room: string;
  readonly peers: PeerPipes;
  /** Nodes that participants of the room are on: they carry it already. */
  readonly roomNodes: () => readonly string[];
  /** Those through which the tracks of a node are to come because it feeds many, the best first; none: whoever can. */
  readonly treeRelays: (originNodeId: string) => readonly string[];
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly onChange: () => void;
}

interface Search {
  state: RelayState;
  /** Asked since the search began or went round; asked again only after all others. */
  readonly asked: Set<string>;
}

/** Finds nodes that reach those which this one cannot reach. */
export class RelayFinder {
  readonly #parts: RelayFinderParts;
  readonly #searches = new Map<string, Search>();
  /** By the node that they led to. */
  readonly #givenUp = new Map<string, readonly PipeProbe[]>();

  constructor(parts: RelayFinderParts) {
    this.#parts = parts;
  }

  get view(): ReadonlyMap<string, RelayState> {
    return new Map([...this.#searches].map(([nodeId, { state }]) => [nodeId, state]));
  }

  /** A pipe to the node broke. Whoever is to relay tells the node, which may hear this one still. */
  gaveUp(originNodeId: string, pipe: PipeProbe): void {
    const earlier = this.#givenUp.get(originNodeId) ?? [];
    this.#givenUp.set(originNodeId, [...earlier, pipe].slice(-GIVEN_UP_AT_MOST));
  }

  /** The node is heard again. */
  reached(originNodeId: string): void {
    this.#givenUp.delete(originNodeId);
  }

  /** Looks for a node that brings the tracks of `originNodeId`: another one than it has now. */
  find(originNodeId: string): void {
    const search = this.#searches.get(originNodeId) ?? { state: { kind: 'finding' }, asked: new Set() };
    this.#searches.set(originNodeId, search);
    search.state = { kind: 'finding' };
    void this.#search(originNodeId, search).then((state) => {
      if (this.#searches.get(originNodeId) !== search) return;
      search.state = state;
      this.#parts.onChange();
    });
  }

  forget(originNodeId: string): void {
    if (this.#searches.delete(originNodeId)) this.#parts.onChange();
  }

  async #search(originNodeId: string, search: Search): Promise<RelayState> {
    const { log, clock, random } = this.#parts;
    for (const nodeId of this.#candidates(originNodeId, search.asked)) {
      search.asked.add(nodeId);
      try {
        const routerId = await this.#ask(nodeId, originNodeId);
        log.info({ peerNodeId: originNodeId, relayNodeId: nodeId }, 'tracks of a node come through another');
        return { kind: 'found', at: { nodeId, routerId }, foundAtMs: clock.monotonicMs() };
      } catch (error) {
        const { code, message: reason } = SkeinError.from(error);
        log.info({ peerNodeId: originNodeId, relayNodeId: nodeId, code, reason }, 'a node cannot relay');
      }
      if (this.#searches.get(originNodeId) !== search) break;
    }
    return { kind: 'none', retryAtMs: clock.monotonicMs() + jitter(RETRY_MS, random) };
  }

  async #ask(nodeId: string, originNodeId: string): Promise<string> {
    const { peers, room, policy } = this.#parts;
    const client = await peers.client(nodeId);
    const request = { room, originNodeId, givenUp: [...(this.#givenUp.get(originNodeId) ?? [])] };
    const { routerId } = await client.offerRelay(request, { deadlineMs: policy.openDeadlineMs });
    return routerId;
  }

  /** Nodes that carry the room come first; within each group any order, so that not all choose the same one. */
  #candidates(originNodeId: string, asked: Set<string>): readonly string[] {
    const { nodeId, roomNodes, treeRelays, peers, random } = this.#parts;
    const ofTree = treeRelays(originNodeId);
    if (ofTree.length > 0) return ofTree.slice(0, TREE_ASKED_AT_MOST);
    const ofRoom = new Set(roomNodes());
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
