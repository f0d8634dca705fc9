/** One holder at a time, for work that only one process may do. Every failure of the store is `UNAVAILABLE`. */
export interface LeaderLease {
  /**
   * Takes or renews the lease for `holderId`. `ttlMs`: 500-60 000, by the store's clock. Returns its fencing number, the
   * same for as long as it is renewed in time and higher for each new holder, or `undefined` while another one holds it.
   */
  hold(holderId: string, ttlMs: number): Promise<number | undefined>;
  /** Gives the lease back, if it is still held. */
  release(holderId: string): Promise<void>;
  /** For those who look: who holds the lease, and what was done by those who did, the oldest first, about 200 acts. */
  view(): Promise<LeaderView>;
}

export interface LeaderView {
  /** `undefined`: nobody does. */
  readonly holderId: string | undefined;
  /** Of the last holder; 0: there was none. */
  readonly fence: number;
  readonly auditLog: readonly AuditEntry[];
}

/** Something that only the one that leads may do, as the script wrote it down that did it. */
export interface AuditEntry {
  /** Rises with each act. */
  readonly id: string;
  /** The number of the lease in whose name it was done. */
  readonly fence: number;
  /** `evict media-node-1`, `take out ann`. */
  readonly what: string;
}
