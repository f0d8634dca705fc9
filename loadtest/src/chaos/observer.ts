import { connectStore, type ClusterStore, type LeaderAct, type LeaderView } from '@skein/cluster';
import type { LocalCluster, MediaNodeProcess } from '@skein/local-cluster';
import { SkeinError, type RoomSnapshot } from '@skein/protocol';
import { createRpcClients, nodeService, type RoomMedia } from '@skein/rpc';
import { systemClock } from '@skein/runtime';
import type { Person } from './person.ts';
import { checkInvariants, type History, type Violation } from './invariants.ts';
import type { NodeMedia, Observation } from './observation.ts';

/** Whom the observer watches; read anew each time, since nodes and people come and go. */
export interface Watched {
  readonly room: string;
  readonly cluster: LocalCluster;
  readonly people: () => readonly Person[];
}

// Each look costs some milliseconds of both cores; twice a second leaves the call alone.
const INTERVAL_MS = 500;
const ANSWER_DEADLINE_MS = 400;
/** More than the store keeps. */
const KEPT_ACTS = 1_000;

/** Looks at the store, at every node and at every client, all the time, and judges what it sees. */
export class Observer implements AsyncDisposable {
  last: Observation | undefined;
  readonly #watched: Watched;
  readonly #store: ClusterStore;
  readonly #rpc = createRpcClients();
  readonly #ending = new AbortController();
  readonly #watching: Promise<void>;
  readonly #onViolation: (violation: Violation) => void;
  #history: History = new Map();
  #acts: readonly LeaderAct[] = [];

  private constructor(watched: Watched, store: ClusterStore, onViolation: (violation: Violation) => void) {
    this.#watched = watched;
    this.#store = store;
    this.#onViolation = onViolation;
    this.#watching = this.#watch();
  }

  static async start(watched: Watched, onViolation: (violation: Violation) => void): Promise<Observer> {
    const { redisUrl: url } = watched.cluster;
    const store = await connectStore({ url, clock: systemClock, commandTimeoutMs: ANSWER_DEADLINE_MS });
    return new Observer(watched, store, onViolation);
  }

  /** The room as the store has it; fails when that does not answer. */
  snapshot(): Promise<RoomSnapshot | undefined> {
    return this.#store.rooms.snapshot(this.#watched.room);
  }

  /** Ids of nodes that hold a lease and take sessions. */
  async readyNodes(): Promise<string[]> {
    const nodes = await this.#store.nodes.list();
    return nodes.filter(({ record }) => record.state === 'ready').map(({ record }) => record.nodeId);
  }

  /** Which control leads; fails when the store does not answer. */
  leader(): Promise<LeaderView> {
    return this.#store.leader.view();
  }

  async observe(): Promise<Observation> {
    const { cluster, people } = this.#watched;
    const running = cluster.mediaNodes.filter(({ status }) => status.status === 'ready');
    const present = people();
    const [room, nodes, views] = await Promise.all([
      this.snapshot().then(
        (snapshot) => snapshot ?? ('gone' as const),
        () => 'unknown' as const,
      ),
      Promise.all(running.map(async (node) => [node.nodeId, await this.#ask(node)] as const)),
      Promise.all(present.map((person) => person.view().catch(() => undefined))),
      this.#readActs(),
    ]);
    return {
      atMs: systemClock.now(),
      expected: present.map(({ identity }) => identity),
      room,
      acts: this.#acts,
      nodes: new Map(nodes),
      people: views.filter((view) => view !== undefined),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort(new Error('the bench ends'));
    await this.#watching;
    this.#rpc.close();
    await this.#store.close();
  }

  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.last = await this.observe();
      const { violations, history } = checkInvariants(this.last, this.#history);
      this.#history = history;
      violations.forEach(this.#onViolation);
      await systemClock.sleep(INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  /** Adds what was done since. A store that does not answer, or lost its list, takes nothing away. */
  async #readActs(): Promise<void> {
    const { acts } = await this.leader().catch(() => ({ acts: [] }));
    const known = new Set(this.#acts.map(({ id }) => id));
    this.#acts = [...this.#acts, ...acts.filter(({ id }) => !known.has(id))].slice(-KEPT_ACTS);
  }

  async #ask({ grpcAddress }: MediaNodeProcess): Promise<NodeMedia | 'silent'> {
    const { room } = this.#watched;
    try {
      const options = { deadlineMs: ANSWER_DEADLINE_MS };
      return mediaOf(await this.#rpc.client(nodeService, grpcAddress).getRoomMedia({ room }, options));
    } catch (error) {
      // It carries nothing of this room.
      if (SkeinError.from(error).code === 'ROOM_NOT_FOUND') return { sessions: [], pipes: [] };
      return 'silent';
    }
  }
}

function mediaOf({ sessions, pipes }: RoomMedia): NodeMedia {
  return {
    sessions: sessions.map(({ sessionId, identity, epoch, trackIds, subscriptions }) => ({
      ...{ sessionId, identity, epoch: Number(epoch), tracks: trackIds },
      subscriptions: subscriptions.map(({ trackId }) => trackId),
    })),
    pipes: pipes.map(({ localRouterId, peerNodeId, peerRouterId, tracksIn, tracksOut }) => ({
      ...{ id: `${localRouterId} to ${peerRouterId} on ${peerNodeId}`, tracksIn, tracksOut },
    })),
  };
}
