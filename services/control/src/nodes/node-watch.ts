import { isOver, orderOfStarts, supersedes, type NodeStart, type RegisteredNode } from '@skein/cluster';
import type { NodeDeath, NodeRecord } from '@skein/protocol';

/** After this time nothing refers to a dead or silent node any more. */
const FORGET_AFTER_MS = 600_000;

export interface PlacedNode {
  readonly nodeId: string;
  readonly region: string;
}

/** One start of a node, as control knows it. Times are of the monotonic clock. */
export interface KnownNode {
  readonly nodeId: string;
  readonly region: string;
  readonly startedAtMs: number;
  readonly grpcAddress: string;
  /** Its end is expected. */
  readonly draining: boolean;
  /** The fence of its lease, as last read or published; 0 while unknown. */
  readonly fence: number;
  /** The last heartbeat, lease renewal or answer. */
  readonly lastHeardMs: number;
}

/** What control has heard of the nodes. Every control watches, so that a new leader knows them at once. */
export class NodeWatch {
  readonly #nodes = new Map<string, KnownNode>();
  readonly #dead = new Map<string, NodeStart & { readonly region: string; readonly atMs: number }>();
  /** How far the store's clock is ahead of this process' monotonic one. */
  #storeAheadMs: number | undefined;
  #leases: { readonly holders: ReadonlySet<string>; readonly atMs: number } | undefined;

  get nodes(): readonly KnownNode[] {
    return [...this.#nodes.values()];
  }

  node(nodeId: string): KnownNode | undefined {
    return this.#nodes.get(nodeId);
  }

  heartbeat(record: NodeRecord, nowMs: number): void {
    this.#saw(record, nowMs);
  }

  /** All leases, as the store had them at `atMs`. */
  leasesRead(nodes: readonly RegisteredNode[], atMs: number): void {
    for (const { record, fence, leaseAgeMs, renewedAtMs } of nodes) {
      if (renewedAtMs !== undefined) this.#storeAheadMs = renewedAtMs + leaseAgeMs - atMs;
      // An evicted start can renew its lease only in a store that has lost the eviction.
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

  /** The node answered a probe. */
  answered({ nodeId, ...start }: KnownNode, nowMs: number): void {
    const node = this.#nodes.get(nodeId);
    if (node && orderOfStarts(node, start) === 'same')
      this.#nodes.set(nodeId, { ...node, lastHeardMs: nowMs });
  }

  /** Marks that start of the node as dead, whatever it may still send. */
  died({ nodeId, ...start }: NodeDeath, nowMs: number): void {
    const known = this.#dead.get(nodeId);
    if (known && isOver(start, known)) return;
    const node = this.#nodes.get(nodeId);
    this.#dead.set(nodeId, { ...start, region: node?.region ?? known?.region ?? '', atMs: nowMs });
    if (node && isOver(node, start)) this.#nodes.delete(nodeId);
  }

  /** Nodes that have been dead since `sinceMs` or later, and have not come back. */
  deadSince(sinceMs: number): readonly PlacedNode[] {
    return [...this.#dead].flatMap(([nodeId, { region, atMs }]) =>
      atMs >= sinceMs && !this.#nodes.has(nodeId) ? [{ nodeId, region }] : [],
    );
  }

  /** Since when a node has been dead; `undefined` for one that lives or has started again. */
  deadSinceMs(nodeId: string): number | undefined {
    return this.#nodes.has(nodeId) ? undefined : this.#dead.get(nodeId)?.atMs;
  }

  /** Forgets nodes that have been gone for long. */
  tidy(nowMs: number): void {
    for (const [nodeId, { lastHeardMs }] of this.#nodes) {
      if (nowMs - lastHeardMs > FORGET_AFTER_MS) this.#nodes.delete(nodeId);
    }
    for (const [nodeId, { atMs }] of this.#dead) {
      if (nowMs - atMs > FORGET_AFTER_MS) this.#dead.delete(nodeId);
    }
  }

  #saw(record: NodeRecord, heardMs: number, leaseFence?: number): void {
    const { nodeId, region, startedAtMs, grpcAddress, state } = record;
    const known = this.#nodes.get(nodeId);
    const start = { startedAtMs, fence: leaseFence ?? record.fence };
    const same = known && orderOfStarts(start, known) === 'same';
    if (known && !same && !supersedes(start, known)) return;
    const died = this.#dead.get(nodeId);
    if (died && !supersedes(start, died)) return;
    this.#nodes.set(nodeId, {
      ...{ nodeId, region, startedAtMs, grpcAddress },
      draining: state === 'draining',
      fence: start.fence || (same ? known.fence : 0),
      lastHeardMs: same ? Math.max(heardMs, known.lastHeardMs) : heardMs,
    });
  }
}
