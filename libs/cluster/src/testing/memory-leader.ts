import { leaseTimeMs } from '../leases/lease-time.ts';
import type { AuditEntry, LeaderLease, LeaderView } from '../leases/leader-lease.ts';
import { StoreError } from '../store/errors.ts';
import type { StoreTime } from './store-time.ts';
import type { Sync } from './sync.ts';

const AUDIT_LOG_LENGTH = 200;

/** The leader lease and its audit log, in memory. */
export class MemoryLeader implements Sync<LeaderLease> {
  readonly #time: StoreTime;
  #lease = { holderId: '', fence: 0, untilUs: 0 };
  #auditLog: AuditEntry[] = [];
  #actions = 0;

  constructor(time: StoreTime) {
    this.#time = time;
  }

  hold(holderId: string, ttlMs: number): number | undefined {
    const ttlUs = leaseTimeMs(ttlMs) * 1000;
    const isHeld = this.#isHeld();
    if (isHeld && this.#lease.holderId !== holderId) return undefined;
    const fence = isHeld ? this.#lease.fence : Math.max(this.#time.nextUs(), this.#lease.fence + 1);
    this.#lease = { holderId, fence, untilUs: this.#time.leaseUs + ttlUs };
    return fence;
  }

  release(holderId: string): void {
    if (this.#lease.holderId === holderId) this.expire();
  }

  view(): LeaderView {
    const { holderId, fence } = this.#lease;
    return { holderId: this.#isHeld() ? holderId : undefined, fence, auditLog: this.#auditLog };
  }

  /** Ends the lease as if its time had passed. */
  expire(): void {
    this.#lease = { ...this.#lease, untilUs: 0 };
  }

  lose(): void {
    this.#lease = { holderId: '', fence: 0, untilUs: 0 };
    this.#auditLog = [];
  }

  /** Fails `STALE_EPOCH` unless `fence` is that of the present lease. */
  require(fence: number): void {
    if (fence !== this.#lease.fence || !this.#isHeld()) throw StoreError.notLeader();
  }

  record(fence: number, what: string): void {
    this.#auditLog = [...this.#auditLog, { id: `${++this.#actions}-0`, fence, what }].slice(
      -AUDIT_LOG_LENGTH,
    );
  }

  #isHeld(): boolean {
    return this.#lease.untilUs > this.#time.leaseUs;
  }
}
