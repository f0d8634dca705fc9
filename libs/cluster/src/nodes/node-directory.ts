import type { Bus, BusSubscription } from '@skein/bus';
import { nodeDeath, nodeRecord, subjects, type NodeRecord } from '@skein/protocol';
import { Emitter, jitter, type Clock, type Listener, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeRegistry } from '../leases/node-registry.ts';
import { isOver, orderOfStarts, supersedes, type NodeStart } from '../leases/node-start.ts';
import { AssignmentLedger } from './assignment-ledger.ts';
import {
  chooseCandidates,
  defaultPlacementPolicy,
  type NodeView,
  type PlacementPolicy,
} from '../placement/placement.ts';
import { RegistryView } from './registry-view.ts';
import type { PlacementCandidates } from '../store/room-store.ts';
import { SessionGrowth } from './session-growth.ts';

export interface NodeDirectoryOptions {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  /** How often the registry is read beside the heartbeats, in milliseconds, jittered; more often without heartbeats. Default 1500. */
  readonly refreshMs?: number;
  /**
   * With more nodes than this, loads come from the registry, one command a second, instead of heartbeats, four a second from
   * every node to every gateway. Default 25.
   */
  readonly heartbeatsUpTo?: number;
}

export interface NodeDirectoryEvents {
  /** A later start of a known node: the sessions of the earlier one are gone. */
  restarted: { readonly nodeId: string; readonly start: NodeStart };
  /** A start of a node was declared dead; emitted once. The node is not chosen until a later start is heard of. */
  dead: { readonly nodeId: string; readonly start: NodeStart };
}

export interface DirectoryQuery {
  readonly region?: string | undefined;
  readonly preferredNodeId?: string | undefined;
  readonly excludeNodeIds?: readonly string[] | undefined;
}

/** A gateway's live view of the nodes, for placement: from heartbeats, and from the registry where they are missing. */
export interface NodeDirectory {
  /** Reads the registry once. Resolves also when that fails: heartbeats and later reads fill the view. */
  start(): Promise<void>;
  views(): readonly NodeView[];
  /** The last record of one node, as long as it is known. */
  record(nodeId: string): NodeRecord | undefined;
  /** `chooseCandidates` over the present view. Fails `NODE_NOT_FOUND` for a preferred node that takes no sessions. */
  candidates(query?: DirectoryQuery): PlacementCandidates;
  /** Counts a session placed on a node: here at once, and in the store for all gateways. */
  noteAssignment(nodeId: string): void;
  on<Name extends keyof NodeDirectoryEvents>(
    event: Name,
    listener: Listener<NodeDirectoryEvents[Name]>,
  ): Disposable;
  close(): void;
}

export function openNodeDirectory(options: NodeDirectoryOptions): NodeDirectory {
  return new LiveNodeDirectory(options);
}

const DEFAULT_REFRESH_MS = 1500;
/** Without any heartbeat for this long, the bus counts as down and the registry is read. */
const QUIET_BUS_MS = 600;
const QUIET_REFRESH_MS = 400;
const DEFAULT_HEARTBEATS_UP_TO = 25;
/** Heartbeats are used again below this share of `heartbeatsUpTo`: hysteresis. */
const HEARTBEATS_AGAIN_BELOW = 0.8;
/** How often the registry is read for the loads. */
const LOADS_REFRESH_MS = 800;
/** A node that has been silent for this long is forgotten. Placement ignores it much earlier. */
const FORGET_AFTER_MS = 60_000;
/** How long messages of a dead start are still recognised as such. */
const REMEMBER_DEAD_MS = 3_600_000;

interface KnownNode {
  /** With the fence of its lease, as far as known. */
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  readonly ledger: AssignmentLedger;
  readonly growth: SessionGrowth;
}

class LiveNodeDirectory implements NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #policy: PlacementPolicy;
  readonly #known = new Map<string, KnownNode>();
  readonly #dead = new Map<string, { readonly start: NodeStart; readonly toldMs: number }>();
  readonly #events: Emitter<NodeDirectoryEvents>;
  readonly #subscriptions: BusSubscription[] = [];
  readonly #registry: RegistryView;
  #heartbeats: BusSubscription | undefined;
  #lastHeartbeatMs = -Infinity;
  #lastRefreshMs = -Infinity;
  #nextRefresh: Disposable | undefined;
  #closed = false;

  constructor(options: NodeDirectoryOptions) {
    this.#options = options;
    this.#policy = options.policy ?? defaultPlacementPolicy;
    this.#registry = new RegistryView(options.nodes);
    this.#events = new Emitter((error, event) =>
      options.log.error({ err: error, event }, 'a listener of the node directory failed'),
    );
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#subscriptions.push(
      bus.subscribe(subjects.anyNodeState, (data) => this.#onHeartbeat(data)),
      bus.subscribe(subjects.anyNodeDead, (data) => this.#onDeath(data)),
    );
    this.#listenToHeartbeats();
    await this.#refresh();
    this.#schedule();
  }

  views(): readonly NodeView[] {
    return [...this.#known.values()].map(({ record, lastSeenMs, ledger, growth }) => ({
      record,
      lastSeenMs,
      assignedSinceBeat: ledger.pending,
      settled: growth.settled,
      recentSessions: growth.recent,
    }));
  }

  record(nodeId: string): NodeRecord | undefined {
    return this.#known.get(nodeId)?.record;
  }

  candidates(query: DirectoryQuery = {}): PlacementCandidates {
    const { clock, random } = this.#options;
    return chooseCandidates(this.views(), {
      ...query,
      now: clock.monotonicMs(),
      policy: this.#policy,
      random,
    });
  }

  noteAssignment(nodeId: string): void {
    const known = this.#known.get(nodeId);
    if (!known) return;
    const { beat } = known.record;
    known.ledger.assigned(beat);
    const { nodes, log } = this.#options;
    nodes.countAssignment(nodeId, beat).then(
      (count) => known.ledger.learned(beat, count),
      (error: unknown) => log.debug({ err: error, nodeId }, 'an assignment was counted here only'),
    );
  }

  on<Name extends keyof NodeDirectoryEvents>(
    event: Name,
    listener: Listener<NodeDirectoryEvents[Name]>,
  ): Disposable {
    return this.#events.on(event, listener);
  }

  close(): void {
    this.#closed = true;
    for (const subscription of this.#subscriptions) subscription.close();
    this.#heartbeats?.close();
    this.#nextRefresh?.[Symbol.dispose]();
    this.#events.clear();
  }

  #onHeartbeat(data: unknown): void {
    const heartbeat = nodeRecord.safeParse(data);
    const now = this.#options.clock.monotonicMs();
    this.#lastHeartbeatMs = now;
    if (heartbeat.success) this.#saw(heartbeat.data, now);
    else this.#options.log.warn({ err: heartbeat.error }, 'an unreadable heartbeat was dropped');
  }

  #onDeath(data: unknown): void {
    const death = nodeDeath.safeParse(data);
    if (!death.success) {
      this.#options.log.warn({ err: death.error }, 'an unreadable death notice was dropped');
      return;
    }
    const { nodeId, startedAtMs, fence } = death.data;
    const start = { startedAtMs, fence };
    const told = this.#dead.get(nodeId);
    if (told && isOver(start, told.start)) return;
    const known = this.#known.get(nodeId);
    // A start that never held a lease has been replaced since.
    if (known && !isOver(known.record, start)) return;
    this.#dead.set(nodeId, { start, toldMs: this.#options.clock.monotonicMs() });
    this.#known.delete(nodeId);
    this.#options.log.info({ event: 'node.declared-dead', nodeId, ...start }, 'a node was declared dead');
    this.#events.emit('dead', { nodeId, start });
  }

  #saw(heard: NodeRecord, seenMs: number): void {
    const { nodeId } = heard;
    const known = this.#known.get(nodeId);
    const died = this.#dead.get(nodeId);
    const order = known && orderOfStarts(heard, known.record);
    // Late messages of earlier or dead starts say nothing about the present one.
    if (known && order !== 'same' && !supersedes(heard, known.record)) return;
    if (died && !supersedes(heard, died.start)) return;
    const same = order === 'same' ? known : undefined;
    const record = heard.fence ? heard : { ...heard, fence: same?.record.fence };
    const lastSeenMs = Math.max(seenMs, same?.lastSeenMs ?? -Infinity);
    if (same && record.beat <= same.record.beat) {
      this.#known.set(nodeId, { ...same, record: { ...same.record, fence: record.fence }, lastSeenMs });
      return;
    }
    const ledger = same?.ledger ?? new AssignmentLedger();
    const growth = same?.growth ?? new SessionGrowth();
    ledger.reported(record.beat, record.load.sessions);
    growth.reported(record.load, seenMs);
    this.#known.set(nodeId, { record, lastSeenMs, ledger, growth });
    this.#dead.delete(nodeId);
    const { startedAtMs, fence } = record;
    if (!same && (known ?? died)) this.#events.emit('restarted', { nodeId, start: { startedAtMs, fence } });
  }

  async #refresh(): Promise<void> {
    const { clock, log } = this.#options;
    const askedMs = clock.monotonicMs();
    this.#lastRefreshMs = askedMs;
    try {
      const listed = await this.#registry.read();
      const now = clock.monotonicMs();
      for (const { record, fence, leaseAgeMs } of listed) {
        // An evicted start can renew its lease only in a store that has lost the eviction.
        if ((this.#dead.get(record.nodeId)?.toldMs ?? Infinity) < askedMs - leaseAgeMs)
          this.#dead.delete(record.nodeId);
        this.#saw({ ...record, fence }, now - leaseAgeMs);
      }
    } catch (error) {
      log.debug({ err: error }, 'the registry could not be read; the view relies on heartbeats');
    }
    const now = clock.monotonicMs();
    for (const [nodeId, { lastSeenMs }] of this.#known) {
      if (now - lastSeenMs > FORGET_AFTER_MS) this.#known.delete(nodeId);
    }
    for (const [nodeId, { toldMs }] of this.#dead) {
      if (now - toldMs > REMEMBER_DEAD_MS) this.#dead.delete(nodeId);
    }
    this.#listenToHeartbeats();
  }

  /** With many nodes, heartbeats are ignored: each gateway would receive all of them. Starts and drains are published apart. */
  #listenToHeartbeats(): void {
    if (this.#closed) return;
    const { bus, heartbeatsUpTo = DEFAULT_HEARTBEATS_UP_TO } = this.#options;
    if (this.#known.size > heartbeatsUpTo) {
      this.#heartbeats?.close();
      this.#heartbeats = undefined;
    } else if (
      this.#known.size <= heartbeatsUpTo * HEARTBEATS_AGAIN_BELOW ||
      this.#lastHeartbeatMs === -Infinity
    ) {
      this.#heartbeats ??= bus.subscribe(subjects.anyNodeBeat, (data) => this.#onHeartbeat(data));
    }
  }

  /** Reads the registry when it is due, or when the bus is quiet. */
  #schedule(): void {
    if (this.#closed) return;
    const { clock, random, log, refreshMs = DEFAULT_REFRESH_MS } = this.#options;
    const nextMs = Math.min(refreshMs, this.#heartbeats ? QUIET_REFRESH_MS : LOADS_REFRESH_MS);
    this.#nextRefresh = clock.after(jitter(nextMs, random), () => {
      const now = clock.monotonicMs();
      const due =
        !this.#heartbeats ||
        now - this.#lastRefreshMs >= refreshMs ||
        now - this.#lastHeartbeatMs > QUIET_BUS_MS;
      (due ? this.#refresh() : Promise.resolve())
        .catch((error: unknown) => log.error({ err: error }, 'the view of the nodes could not be refreshed'))
        .finally(() => this.#schedule());
    });
  }
}
