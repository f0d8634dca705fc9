/** A lease with one holder at a time, for work of a single process. Every failure of the store is `UNAVAILABLE`. */
export interface LeaderLease {
  /**
   * Takes or renews the lease for `holderId`. `ttlMs`: 500-60 000, by the store's clock. Returns its fencing number, the
   * same for as long as it is renewed in time and higher for each new holder, or `undefined` while another one holds it.
   */
  hold(holderId: string, ttlMs: number): Promise<number | undefined>;
  /** Gives the lease back, if it is still held. */
  release(holderId: string): Promise<void>;
  /** The holder, and the audit log of all holders: about 200 entries, the oldest first. */
  view(): Promise<LeaderView>;
}

export interface LeaderView {
  /** `undefined`: the lease is free. */
  readonly holderId: string | undefined;
  /** Of the last holder; 0 before the first one. */
  readonly fence: number;
  readonly auditLog: readonly AuditEntry[];
}

/** One action of a leader, recorded by the script that did it. */
export interface AuditEntry {
  /** Rises with each entry. */
  readonly id: string;
  /** The fence of the leader. */
  readonly fence: number;
  /** `evict media-node-1`, `remove ann`, `repair lobby`. */
  readonly what: string;
}
