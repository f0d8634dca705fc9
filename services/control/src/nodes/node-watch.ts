import { isOver, orderOfStarts, supersedes, type NodeStart, type RegisteredNode } from '@skein/cluster';
import type { NodeDeath, NodeRecord } from '@skein/protocol';

/** Dead and unheard nodes are forgotten then: nothing is left of them. */
const FORGET_AFTER_MS = 600_000;

export interface PlacedNode {
  readonly nodeId: string;
  readonly region: string;
}

/** One start of a node, as control knows it. Times are of the monotonic clock. */
export interface NodeSight {
  readonly nodeId: string;
  readonly region: string;
  readonly startedAtMs: number;
  readonly grpcAddress: string;
  /** It said that it leaves: its end is no surprise. */
  readonly draining: boolean;
  /** Of its lease, as last read or told; 0 while it is not known. */
  readonly fence: number;
  /** When it last gave a sign of life: a beat, a renewed lease, an answer. */
  readonly lastHeardMs: number;
}

/** What control has heard of the nodes. Every control watches, so that a new reconciler knows them at once. */
export class NodeWatch {
  readonly #sights = new Map<string, NodeSight>();
  readonly #dead = new Map<string, NodeStart & { readonly region: string; readonly atMs: number }>();
  /** How far the store's clock is ahead of this process' monotonic one. */
  #storeAheadMs: number | undefined;
  #leases: { readonly holders: ReadonlySet<string>; readonly atMs: number } | undefined;

  get sights(): readonly NodeSight[] {
    return [...this.#sights.values()];
  }

  sight(nodeId: string): NodeSight | undefined {
    return this.#sights.get(nodeId);
  }

  beat(record: NodeRecord, nowMs: number): void {
    this.#saw(record, nowMs);
  }

  /** All leases, as the store had them at `atMs`. */
  leasesRead(nodes: readonly RegisteredNode[], atMs: number): void {
    for (const { record, fence, leaseAgeMs, renewedAtMs } of nodes) {
      if (renewedAtMs !== undefined) this.#storeAheadMs = renewedAtMs + leaseAgeMs - atMs;
      // Only a store that has lost the burial lets a buried start renew its lease.
      if ((this.#dead.get(record.nodeId)?.atMs ?? Infinity) < atMs) this.#dead.delete(record.nodeId);
      this.#saw(record, atMs - leaseAgeMs, fence);
    }
    this.#leases = { holders: new Set(nodes.map(({ record }) => record.nodeId)), atMs };
  }

  /** The time by the store's clock, which gives epochs and fences; `undefined` before a lease was read. */
  storeTimeMs(nowMs: number): number | undefined {
    return this.#storeAheadMs === undefined ? undefined : nowMs + this.#storeAheadMs;
  }

  /** Whether the node had a lease at the last reading. */
  lease(nodeId: string): { readonly held: boolean; readonly atMs: number } | undefined {
    return this.#leases && { held: this.#leases.holders.has(nodeId), atMs: this.#leases.atMs };
  }

  /** It answered when it was asked. */
  answered({ nodeId, ...start }: NodeSight, nowMs: number): void {
    const sight = this.#sights.get(nodeId);
    if (sight && orderOfStarts(sight, start) === 'same')
      this.#sights.set(nodeId, { ...sight, lastHeardMs: nowMs });
  }

  /** That start of the node is dead, whatever it may still say. */
  died({ nodeId, ...start }: NodeDeath, nowMs: number): void {
    const known = this.#dead.get(nodeId);
    if (known && isOver(start, known)) return;
    const sight = this.#sights.get(nodeId);
    this.#dead.set(nodeId, { ...start, region: sight?.region ?? known?.region ?? '', atMs: nowMs });
    if (sight && isOver(sight, start)) this.#sights.delete(nodeId);
  }

  /** Nodes that have been dead since `sinceMs` or later, and have not come back. */
  deadSince(sinceMs: number): readonly PlacedNode[] {
    return [...this.#dead].flatMap(([nodeId, { region, atMs }]) =>
      atMs >= sinceMs && !this.#sights.has(nodeId) ? [{ nodeId, region }] : [],
    );
  }

  /** Since when it has been dead; `undefined` for one that is not, or started again. */
  deadSinceMs(nodeId: string): number | undefined {
    return this.#sights.has(nodeId) ? undefined : this.#dead.get(nodeId)?.atMs;
  }

  /** Forgets what is long over. */
  tidy(nowMs: number): void {
    for (const [nodeId, { lastHeardMs }] of this.#sights) {
      if (nowMs - lastHeardMs > FORGET_AFTER_MS) this.#sights.delete(nodeId);
    }
    for (const [nodeId, { atMs }] of this.#dead) {
      if (nowMs - atMs > FORGET_AFTER_MS) this.#dead.delete(nodeId);
    }
  }

  #saw(record: NodeRecord, heardMs: number, leaseFence?: number): void {
    const { nodeId, region, startedAtMs, grpcAddress, state } = record;
    const known = this.#sights.get(nodeId);
    const start = { startedAtMs, fence: leaseFence ?? record.fence };
    const same = known && orderOfStarts(start, known) === 'same';
    if (known && !same && !supersedes(start, known)) return;
    const died = this.#dead.get(nodeId);
    if (died && !supersedes(start, died)) return;
    this.#sights.set(nodeId, {
      ...{ nodeId, region, startedAtMs, grpcAddress },
      draining: state === 'draining',
      fence: start.fence || (same ? known.fence : 0),
      lastHeardMs: same ? Math.max(heardMs, known.lastHeardMs) : heardMs,
    });
  }
}
