/** One holder at a time, for work that only one process may do. Every failure of the store is `UNAVAILABLE`. */
export interface LeaderLease {
  /**
   * Takes or renews the lease for `holderId`. `ttlMs`: 500-60 000, by the store's clock. Returns its fencing number, the
   * same for as long as it is renewed in time and higher for each new holder, or `undefined` while another one holds it.
   */
  hold(holderId: string, ttlMs: number): Promise<number | undefined>;
  /** Gives the lease back, if it is still held. */
  release(holderId: string): Promise<void>;
}
