import type { RegisteredNode } from '@skein/cluster';
import type { NodeDeath, NodeRecord } from '@skein/protocol';

/** Dead and unheard nodes are forgotten then: nothing is left of them. */
const FORGET_AFTER_MS = 600_000;

/** One start of a node, as control knows it. Times are of the monotonic clock. */
export interface NodeSight {
  readonly nodeId: string;
  readonly startedAtMs: number;
  readonly grpcAddress: string;
  /** It said that it leaves: its end is no surprise. */
  readonly draining: boolean;
  /** Of its lease, as last read; 0 while only its beats are known. */
  readonly fence: number;
  /** When it last gave a sign of life: a beat, a renewed lease, an answer. */
  readonly lastHeardMs: number;
}

/** What control has heard of the nodes. Every control watches, so that a new reconciler knows them at once. */
export class NodeWatch {
  readonly #sights = new Map<string, NodeSight>();
  readonly #dead = new Map<string, { readonly startedAtMs: number; readonly atMs: number }>();
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
    for (const { record, fence, leaseAgeMs } of nodes) {
      // Only a store that has lost the burial lets a buried start renew its lease.
      if ((this.#dead.get(record.nodeId)?.atMs ?? Infinity) < atMs) this.#dead.delete(record.nodeId);
      this.#saw(record, atMs - leaseAgeMs, fence);
    }
    this.#leases = { holders: new Set(nodes.map(({ record }) => record.nodeId)), atMs };
  }

  /** Whether the node had a lease at the last reading. */
  lease(nodeId: string): { readonly held: boolean; readonly atMs: number } | undefined {
    return this.#leases && { held: this.#leases.holders.has(nodeId), atMs: this.#leases.atMs };
  }

  /** It answered when it was asked. */
  answered({ nodeId, startedAtMs }: NodeSight, nowMs: number): void {
    const sight = this.#sights.get(nodeId);
    if (sight?.startedAtMs === startedAtMs) this.#sights.set(nodeId, { ...sight, lastHeardMs: nowMs });
  }

  /** That start of the node is dead, whatever it may still say. */
  died({ nodeId, startedAtMs }: NodeDeath, nowMs: number): void {
    const known = this.#dead.get(nodeId);
    if (known && known.startedAtMs >= startedAtMs) return;
    this.#dead.set(nodeId, { startedAtMs, atMs: nowMs });
    if ((this.#sights.get(nodeId)?.startedAtMs ?? Infinity) <= startedAtMs) this.#sights.delete(nodeId);
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

  #saw({ nodeId, startedAtMs, grpcAddress, state }: NodeRecord, heardMs: number, fence = 0): void {
    const known = this.#sights.get(nodeId);
    if (known && startedAtMs < known.startedAtMs) return;
    if (startedAtMs <= (this.#dead.get(nodeId)?.startedAtMs ?? -Infinity)) return;
    const same = known?.startedAtMs === startedAtMs;
    this.#sights.set(nodeId, {
      nodeId,
      startedAtMs,
      grpcAddress,
      draining: state === 'draining',
      fence: Math.max(fence, known?.fence ?? 0),
      lastHeardMs: same ? Math.max(heardMs, known.lastHeardMs) : heardMs,
    });
  }
}
