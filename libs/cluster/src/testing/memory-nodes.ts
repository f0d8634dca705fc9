import type { NodeRecord } from '@skein/protocol';
import { leaseTimeMs } from '../leases/lease-time.ts';
import type {
  NodeRegistry,
  NodeReport,
  RegisteredNode,
  RegistryQuery,
  RegistryReading,
} from '../leases/node-registry.ts';
import { StoreError } from '../store/errors.ts';
import type { MemoryLeader } from './memory-leader.ts';
import type { StoreTime } from './store-time.ts';
import type { Sync } from './sync.ts';

const REMEMBERED_US = 3_600_000_000;
const ASSIGNMENT_LIFE_US = 10_000_000;

interface Lease {
  readonly record: NodeRecord;
  readonly fence: number;
  readonly renewedUs: number;
  readonly untilUs: number;
}

/** The node registry in memory: leases run out by the store's clock, fences and versions only rise. */
export class MemoryNodes implements Sync<NodeRegistry> {
  readonly #time: StoreTime;
  readonly #leader: MemoryLeader;
  readonly #leases = new Map<string, Lease>();
  readonly #fences = new Map<string, number>();
  /** The version of each node's last change. */
  readonly #changes = new Map<string, number>();
  /** When what is left of a node without a lease is dropped. */
  readonly #forgetUs = new Map<string, number>();
  readonly #assigned = new Map<string, { readonly count: number; readonly untilUs: number }>();
  #version = 0;
  /** Changes below this version have been dropped. */
  #floor = 0;

  constructor(time: StoreTime, leader: MemoryLeader) {
    this.#time = time;
    this.#leader = leader;
  }

  renew(record: NodeRecord, { fence: given, ttlMs }: { fence: number | undefined; ttlMs: number }): number {
    const ttlUs = leaseTimeMs(ttlMs) * 1000;
    this.#sweep();
    const { nodeId } = record;
    const held = this.#fences.get(nodeId);
    if (given !== undefined && held !== undefined && held > given) throw StoreError.nodeReplaced(nodeId);
    const fence = given ?? Math.max(this.#time.nextUs(), (held ?? 0) + 1);
    const now = this.#time.leaseUs;
    this.#put(record, fence, now, now + ttlUs);
    return fence;
  }

  /** A node whose lease never runs out. */
  add(record: NodeRecord, fence = record.startedAtMs): void {
    this.#put(record, fence, Infinity, Infinity);
  }

  release(nodeId: string, fence: number): void {
    this.#sweep();
    if (this.#fences.get(nodeId) !== fence) return;
    this.#fences.delete(nodeId);
    this.#gone(nodeId);
  }

  evict(
    nodeId: string,
    fence: number,
    leaderFence: number,
    { crashed = false }: { crashed?: boolean } = {},
  ): boolean {
    this.#leader.require(leaderFence);
    this.#sweep();
    if (this.#leases.has(nodeId)) {
      if (!crashed || this.#fences.get(nodeId) !== fence) return false;
      this.#gone(nodeId);
    }
    if ((this.#fences.get(nodeId) ?? 0) <= fence)
      this.#fences.set(nodeId, Math.max(this.#time.nextUs(), fence + 1));
    this.#forgetUs.set(nodeId, this.#time.leaseUs + REMEMBERED_US);
    this.#leader.record(leaderFence, `evict ${nodeId}`);
    return true;
  }

  list(): readonly RegisteredNode[] {
    return this.read().nodes;
  }

  read({ since, loads = false }: RegistryQuery = {}): RegistryReading {
    this.#sweep();
    const whole = since === undefined || since > this.#version || since < this.#floor;
    const changed = [...this.#changes].filter(([, version]) => version > (since ?? 0)).map(([id]) => id);
    const told = whole ? [...this.#leases.keys()] : changed;
    const reports = new Map([...this.#leases].map(([id, lease]) => [id, this.#reportOf(lease)]));
    return {
      ...{ version: this.#version, whole },
      nodes: told.flatMap((id) => {
        const lease = this.#leases.get(id);
        return lease ? [this.#registered(lease)] : [];
      }),
      gone: told.filter((id) => !this.#leases.has(id)),
      reports: loads ? reports : new Map(),
    };
  }

  countAssignment(nodeId: string, beat: number): number {
    const key = `${nodeId} ${beat}`;
    const now = this.#time.leaseUs;
    const known = this.#assigned.get(key);
    const count = (known && known.untilUs > now ? known.count : 0) + 1;
    this.#assigned.set(key, { count, untilUs: now + ASSIGNMENT_LIFE_US });
    return count;
  }

  /** Ends a lease as if its time had passed. */
  expire(nodeId: string): void {
    const lease = this.#leases.get(nodeId);
    if (lease) this.#leases.set(nodeId, { ...lease, untilUs: 0 });
  }

  lose(): void {
    for (const map of [this.#leases, this.#fences, this.#changes, this.#forgetUs, this.#assigned])
      map.clear();
    [this.#version, this.#floor] = [0, 0];
  }

  #put(record: NodeRecord, fence: number, renewedUs: number, untilUs: number): void {
    const { nodeId } = record;
    const { fence: _told, ...rest } = record;
    const known = this.#leases.get(nodeId);
    if (this.#fences.get(nodeId) !== fence || !known || aboutOf(known.record) !== aboutOf(rest))
      this.#changed(nodeId);
    this.#fences.set(nodeId, fence);
    this.#forgetUs.delete(nodeId);
    this.#leases.set(nodeId, { record: rest, fence, renewedUs, untilUs });
  }

  /** Leases that have run out end, and what has been gone for long is dropped, before each call. */
  #sweep(): void {
    const now = this.#time.leaseUs;
    if (this.#version === 0) this.#version = this.#floor = this.#time.nextUs();
    for (const [nodeId, { untilUs }] of this.#leases) if (untilUs <= now) this.#gone(nodeId);
    for (const [nodeId, forgetUs] of this.#forgetUs) {
      if (forgetUs > now) continue;
      this.#floor = Math.max(this.#floor, this.#changes.get(nodeId) ?? 0);
      for (const map of [this.#forgetUs, this.#changes, this.#fences]) map.delete(nodeId);
    }
  }

  #gone(nodeId: string): void {
    this.#leases.delete(nodeId);
    this.#forgetUs.set(nodeId, this.#time.leaseUs + REMEMBERED_US);
    this.#changed(nodeId);
  }

  #changed(nodeId: string): void {
    this.#version = Math.max(this.#time.nextUs(), this.#version + 1);
    this.#changes.set(nodeId, this.#version);
  }

  #registered(lease: Lease): RegisteredNode {
    const { fence, leaseAgeMs, renewedAtMs } = this.#reportOf(lease);
    return { record: lease.record, fence, leaseAgeMs, renewedAtMs };
  }

  #reportOf({ record, fence, renewedUs }: Lease): NodeReport {
    const now = this.#time.leaseUs;
    const renewedAtMs = Math.min(renewedUs, now) / 1000;
    return { beat: record.beat, load: record.load, fence, leaseAgeMs: now / 1000 - renewedAtMs, renewedAtMs };
  }
}

/** What counts as a change when it differs: all but what each renewal brings. */
function aboutOf({ beat: _beat, load: _load, ...about }: NodeRecord): string {
  return JSON.stringify(about);
}
