import type { Bus, BusSubscription } from '@skein/bus';
import { nodeDeath, nodeRecord, subjects, type NodeRecord } from '@skein/protocol';
import { Emitter, jitter, type Clock, type Listener, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { NodeRegistry } from './node-registry.ts';
import { AssignmentLedger } from './assignment-ledger.ts';
import {
  chooseCandidates,
  defaultPlacementPolicy,
  type NodeView,
  type PlacementPolicy,
} from './placement.ts';
import type { PlacementCandidates } from './room-store.ts';
import { SessionGrowth } from './session-growth.ts';

export interface NodeDirectoryOptions {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  /** How often the registry is read beside the beats. Default 1500, jittered; more often while no beats come. */
  readonly refreshMs?: number;
}

export interface NodeDirectoryEvents {
  /** A later start of a known node: what the earlier one carried is gone. */
  restarted: { readonly nodeId: string; readonly startedAtMs: number };
  /** Declared dead, told once for each start of a node. It is not chosen any more, until a later start is heard of. */
  dead: { readonly nodeId: string; readonly startedAtMs: number };
}

export interface DirectoryQuery {
  readonly region?: string | undefined;
  readonly wishedNodeId?: string | undefined;
  readonly excludeNodeIds?: readonly string[] | undefined;
}

/** A gateway's live view of the nodes, for placement: from their beats, and from the registry where beats are missing. */
export interface NodeDirectory {
  /** Reads the registry once. Resolves also when it can't be read: beats and later reads fill the view. */
  start(): Promise<void>;
  views(): readonly NodeView[];
  /** `chooseCandidates` over the present view. Fails `NODE_NOT_FOUND` for a wished node that can't be had. */
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
/** With no beat at all for so long the bus is taken to be down, and the registry has to tell who lives. */
const QUIET_BUS_MS = 600;
const QUIET_REFRESH_MS = 400;
/** A node that was not heard from for this long is forgotten; it stopped being chosen long before. */
const FORGET_AFTER_MS = 60_000;
/** How long a dead start of a node is known as dead, should something of it still be heard. */
const REMEMBER_DEAD_MS = 3_600_000;

interface KnownNode {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  readonly ledger: AssignmentLedger;
  readonly growth: SessionGrowth;
}

class LiveNodeDirectory implements NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #policy: PlacementPolicy;
  readonly #known = new Map<string, KnownNode>();
  readonly #dead = new Map<string, { readonly startedAtMs: number; readonly toldMs: number }>();
  readonly #events: Emitter<NodeDirectoryEvents>;
  readonly #subscriptions: BusSubscription[] = [];
  #lastBeatMs = 0;
  #lastRefreshMs = 0;
  #nextRefresh: Disposable | undefined;
  #closed = false;

  constructor(options: NodeDirectoryOptions) {
    this.#options = options;
    this.#policy = options.policy ?? defaultPlacementPolicy;
    this.#events = new Emitter((error, event) =>
      options.log.error({ err: error, event }, 'a listener of the node directory failed'),
    );
  }

  async start(): Promise<void> {
    const { bus } = this.#options;
    this.#subscriptions.push(
      bus.subscribe(subjects.anyNodeBeat, (data) => this.#onBeat(data)),
      bus.subscribe(subjects.anyNodeDead, (data) => this.#onDeath(data)),
    );
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

  candidates(query: DirectoryQuery = {}): PlacementCandidates {
    const { clock, random } = this.#options;
    return chooseCandidates(this.views(), { ...query, now: clock.now(), policy: this.#policy, random });
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
    this.#nextRefresh?.[Symbol.dispose]();
    this.#events.clear();
  }

  #onBeat(data: unknown): void {
    const beat = nodeRecord.safeParse(data);
    const now = this.#options.clock.now();
    this.#lastBeatMs = now;
    if (beat.success) this.#saw(beat.data, now);
    else this.#options.log.warn({ err: beat.error }, 'a beat that could not be read was dropped');
  }

  #onDeath(data: unknown): void {
    const death = nodeDeath.safeParse(data);
    if (!death.success) {
      this.#options.log.warn({ err: death.error }, 'news of a death that could not be read was dropped');
      return;
    }
    const { nodeId, startedAtMs } = death.data;
    const told = this.#dead.get(nodeId);
    if (told && startedAtMs <= told.startedAtMs) return;
    const known = this.#known.get(nodeId);
    if (known && startedAtMs < known.record.startedAtMs) return;
    this.#dead.set(nodeId, { startedAtMs, toldMs: this.#options.clock.now() });
    this.#known.delete(nodeId);
    this.#options.log.info({ nodeId, startedAtMs }, 'a node was declared dead');
    this.#events.emit('dead', { nodeId, startedAtMs });
  }

  #saw(record: NodeRecord, seenMs: number): void {
    const { nodeId, startedAtMs } = record;
    const known = this.#known.get(nodeId);
    const died = this.#dead.get(nodeId);
    // What an earlier start still says tells nothing of the present one, and a dead one may be heard of once more.
    if (known && startedAtMs < known.record.startedAtMs) return;
    if (died && startedAtMs <= died.startedAtMs) return;
    const lastSeenMs = Math.max(seenMs, known?.lastSeenMs ?? 0);
    const earlierStart = known?.record.startedAtMs ?? died?.startedAtMs ?? startedAtMs;
    const same = known && startedAtMs === known.record.startedAtMs ? known : undefined;
    if (same && record.beat <= same.record.beat) {
      this.#known.set(nodeId, { ...same, lastSeenMs });
      return;
    }
    const ledger = same?.ledger ?? new AssignmentLedger();
    const growth = same?.growth ?? new SessionGrowth();
    ledger.reported(record.beat, record.load.sessions);
    growth.reported(record.load, seenMs);
    this.#known.set(nodeId, { record, lastSeenMs, ledger, growth });
    this.#dead.delete(nodeId);
    if (startedAtMs > earlierStart) this.#events.emit('restarted', { nodeId, startedAtMs });
  }

  async #refresh(): Promise<void> {
    const { nodes, clock, log } = this.#options;
    this.#lastRefreshMs = clock.now();
    try {
      const listed = await nodes.list();
      const now = clock.now();
      for (const { record, leaseAgeMs } of listed) this.#saw(record, now - leaseAgeMs);
    } catch (error) {
      log.debug({ err: error }, 'the registry could not be read; the beats have to do');
    }
    const now = clock.now();
    for (const [nodeId, { lastSeenMs }] of this.#known) {
      if (now - lastSeenMs > FORGET_AFTER_MS) this.#known.delete(nodeId);
    }
    for (const [nodeId, { toldMs }] of this.#dead) {
      if (now - toldMs > REMEMBER_DEAD_MS) this.#dead.delete(nodeId);
    }
  }

  /** The registry is read when it is its time, or when the bus brings nothing. */
  #schedule(): void {
    if (this.#closed) return;
    const { clock, random, log, refreshMs = DEFAULT_REFRESH_MS } = this.#options;
    const nextMs = Math.min(refreshMs, QUIET_REFRESH_MS);
    this.#nextRefresh = clock.after(jitter(nextMs, random), () => {
      const now = clock.now();
      const due = now - this.#lastRefreshMs >= refreshMs || now - this.#lastBeatMs > QUIET_BUS_MS;
      (due ? this.#refresh() : Promise.resolve())
        .catch((error: unknown) => log.error({ err: error }, 'the view of the nodes could not be refreshed'))
        .finally(() => this.#schedule());
    });
  }
}
