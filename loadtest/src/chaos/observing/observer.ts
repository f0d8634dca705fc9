import { connectStore, type ClusterStore, type AuditEntry, type LeaderView } from '@skein/cluster';
import type { LocalCluster, MediaNodeProcess } from '@skein/local-cluster';
import { SkeinError, type RoomSnapshot } from '@skein/protocol';
import { createRpcClients, nodeService, type RoomMedia } from '@skein/rpc';
import { systemClock } from '@skein/runtime';
import type { Client } from '../clients/client.ts';
import type { ClientView } from '../clients/client-report.ts';
import { checkInvariants, LONGEST_GRACE_MS, undecided, type History, type Violation } from './invariants.ts';
import { asOneMedia, asOneRoom, isWhole, type NodeMedia, type Observation } from './observation.ts';

/** A client expected in a room. Without `view` the observer learns nothing from it. */
type WatchedClient = Pick<Client, 'identity'> & Partial<Pick<Client, 'view'>>;

/** Whom the observer watches; read on each look, since nodes and clients come and go. */
export interface Watched {
  /** At least one, and nobody in two of them. */
  readonly rooms: readonly string[];
  readonly cluster: LocalCluster;
  readonly clients: () => readonly WatchedClient[];
  /** Between two looks. Default 500. */
  readonly everyMs?: number | undefined;
}

// Each look costs some milliseconds of both cores; twice a second leaves the call alone.
const INTERVAL_MS = 500;
const ANSWER_DEADLINE_MS = 400;
// Some looks longer than anything may last untold.
const CALM_DEADLINE_MS = LONGEST_GRACE_MS + 5_000;
const CALM_POLL_MS = 50;
/** More than the store keeps. */
const KEPT_ACTS = 1_000;

/** Looks at the store, at every node and at every client, all the time, and judges what it sees. */
export class Observer implements AsyncDisposable {
  readonly #watched: Watched;
  readonly #store: ClusterStore;
  readonly #rpc = createRpcClients();
  readonly #ending = new AbortController();
  readonly #watching: Promise<void>;
  readonly #onViolation: (violation: Violation) => void;
  #history: History = new Map();
  #looked: { readonly fromMs: number; readonly isWhole: boolean } | undefined;
  #acts: readonly AuditEntry[] = [];

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

  /** The first room as the store has it; fails when that does not answer. */
  snapshot(): Promise<RoomSnapshot | undefined> {
    return this.#store.rooms.snapshot(this.#watched.rooms[0] ?? '');
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
    const { rooms, cluster, clients } = this.#watched;
    const running = cluster.mediaNodes.filter(({ status }) => status.status === 'ready');
    const present = clients();
    const [seen, views] = await Promise.all([
      this.#lookInto(rooms, running),
      Promise.all(present.map(viewOf)),
      this.#readActs(),
    ]);
    return {
      ...seen,
      atMs: systemClock.now(),
      expected: present.map(({ identity }) => identity),
      acts: this.#acts,
      clients: views.filter((view) => view !== undefined && view !== 'silent'),
      silentClients: views.filter((view) => view === 'silent').length,
    };
  }

  /**
   * Waits until nothing is open: what is not as it should be is well again, or has lasted for its grace and been told. Where
   * all is well this takes one look. Gives what is still open after the longest grace, since it began later.
   */
  async calm(): Promise<string[]> {
    const askedAtMs = systemClock.monotonicMs();
    for (;;) {
      const looked = this.#looked;
      const open = undecided(this.#history);
      // A look that began before this was asked for may not have seen what came last.
      const counts = looked !== undefined && looked.fromMs >= askedAtMs && looked.isWhole;
      if (counts && open.length === 0) return [];
      if (systemClock.monotonicMs() - askedAtMs > CALM_DEADLINE_MS)
        return counts ? open : [...open, 'not everybody answers'];
      await systemClock.sleep(CALM_POLL_MS);
    }
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
      const fromMs = systemClock.monotonicMs();
      const observation = await this.observe();
      const { violations, history } = checkInvariants(observation, this.#history);
      this.#history = history;
      this.#looked = { fromMs, isWhole: isWhole(observation) };
      violations.forEach(this.#onViolation);
      await systemClock.sleep(this.#watched.everyMs ?? INTERVAL_MS, signal).catch(() => undefined);
    }
  }

  /** Adds what was done since. A store that does not answer, or lost its list, takes nothing away. */
  async #readActs(): Promise<void> {
    const { auditLog: acts } = await this.leader().catch(() => ({ auditLog: [] }));
    const known = new Set(this.#acts.map(({ id }) => id));
    this.#acts = [...this.#acts, ...acts.filter(({ id }) => !known.has(id))].slice(-KEPT_ACTS);
  }

  /** One room after the other: many at once would be a load of their own. */
  async #lookInto(
    rooms: readonly string[],
    running: readonly MediaNodeProcess[],
  ): Promise<Pick<Observation, 'room' | 'nodes'>> {
    const states: Observation['room'][] = [];
    const held = new Map<string, (NodeMedia | 'silent')[]>();
    for (const room of rooms) {
      const [state, ...media] = await Promise.all([
        this.#stateOf(room),
        ...running.map((node) => this.#ask(node, room)),
      ]);
      states.push(state);
      for (const [at, { nodeId }] of running.entries())
        held.set(nodeId, [...(held.get(nodeId) ?? []), media[at] ?? 'silent']);
    }
    const nodes = [...held].map(([nodeId, parts]) => [nodeId, asOneMedia(parts)] as const);
    return { room: asOneRoom(states), nodes: new Map(nodes) };
  }

  async #stateOf(room: string): Promise<Observation['room']> {
    try {
      return (await this.#store.rooms.snapshot(room)) ?? 'gone';
    } catch {
      return 'unknown';
    }
  }

  async #ask({ grpcAddress }: MediaNodeProcess, room: string): Promise<NodeMedia | 'silent'> {
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

/** Nothing of somebody who has no view. */
async function viewOf(client: WatchedClient): Promise<ClientView | 'silent' | undefined> {
  try {
    return await client.view?.();
  } catch {
    return 'silent';
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
