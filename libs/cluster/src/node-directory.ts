import type { Bus, BusSubscription } from '@skein/bus';
import { nodeRecord, subjects, type NodeRecord } from '@skein/protocol';
import { jitter, type Clock, type Random } from '@skein/runtime';
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

export interface NodeDirectoryOptions {
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Default: `defaultPlacementPolicy`. */
  readonly policy?: PlacementPolicy;
  /** How often the registry is read beside the beats. Default 1500, jittered. */
  readonly refreshMs?: number;
}

/** A gateway's live view of the nodes, for placement: from their beats, and from the registry where beats are missing. */
export interface NodeDirectory {
  /** Reads the registry once. Resolves also when it can't be read: beats and later reads fill the view. */
  start(): Promise<void>;
  views(): readonly NodeView[];
  /** `chooseCandidates` over the present view. Fails `NODE_NOT_FOUND` for a wished node that can't be had. */
  candidates(query?: { region?: string | undefined; wishedNodeId?: string | undefined }): PlacementCandidates;
  /** Counts a session placed on a node: here at once, and in the store for all gateways. */
  noteAssignment(nodeId: string): void;
  close(): void;
}

export function openNodeDirectory(options: NodeDirectoryOptions): NodeDirectory {
  return new LiveNodeDirectory(options);
}

const DEFAULT_REFRESH_MS = 1500;
/** A node that was not heard from for this long is forgotten; it stopped being chosen long before. */
const FORGET_AFTER_MS = 60_000;

interface KnownNode {
  readonly record: NodeRecord;
  readonly lastSeenMs: number;
  readonly ledger: AssignmentLedger;
}

class LiveNodeDirectory implements NodeDirectory {
  readonly #options: NodeDirectoryOptions;
  readonly #policy: PlacementPolicy;
  readonly #known = new Map<string, KnownNode>();
  #subscription: BusSubscription | undefined;
  #nextRefresh: Disposable | undefined;
  #closed = false;

  constructor(options: NodeDirectoryOptions) {
    this.#options = options;
    this.#policy = options.policy ?? defaultPlacementPolicy;
  }

  async start(): Promise<void> {
    this.#subscription = this.#options.bus.subscribe(subjects.anyNodeBeat, (data) => this.#onBeat(data));
    await this.#refresh();
  }

  views(): readonly NodeView[] {
    return [...this.#known.values()].map(({ record, lastSeenMs, ledger }) => ({
      record,
      lastSeenMs,
      assignedSinceBeat: ledger.pending,
    }));
  }

  candidates(
    query: { region?: string | undefined; wishedNodeId?: string | undefined } = {},
  ): PlacementCandidates {
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

  close(): void {
    this.#closed = true;
    this.#subscription?.close();
    this.#nextRefresh?.[Symbol.dispose]();
  }

  #onBeat(data: unknown): void {
    const beat = nodeRecord.safeParse(data);
    if (beat.success) this.#saw(beat.data, this.#options.clock.now());
    else this.#options.log.warn({ err: beat.error }, 'a beat that could not be read was dropped');
  }

  #saw(record: NodeRecord, seenMs: number): void {
    const known = this.#known.get(record.nodeId);
    // What an earlier start still says tells nothing of the present one.
    if (known && record.startedAtMs < known.record.startedAtMs) return;
    const lastSeenMs = Math.max(seenMs, known?.lastSeenMs ?? 0);
    const restarted = known?.record.startedAtMs !== record.startedAtMs;
    if (known && !restarted && record.beat < known.record.beat) {
      this.#known.set(record.nodeId, { ...known, lastSeenMs });
      return;
    }
    const ledger = known && !restarted ? known.ledger : new AssignmentLedger();
    ledger.reported(record.beat);
    this.#known.set(record.nodeId, { record, lastSeenMs, ledger });
  }

  async #refresh(): Promise<void> {
    const { nodes, clock, random, log, refreshMs = DEFAULT_REFRESH_MS } = this.#options;
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
    if (this.#closed) return;
    this.#nextRefresh = clock.after(jitter(refreshMs, random), () => {
      this.#refresh().catch((error: unknown) =>
        log.error({ err: error }, 'the view of the nodes could not be refreshed'),
      );
    });
  }
}
