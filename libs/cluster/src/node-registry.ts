import type { NodeRecord } from '@skein/protocol';

/** The nodes' leases and last reports. Every failure of the store is `UNAVAILABLE`. */
export interface NodeRegistry {
  /**
   * Takes or renews a node's lease and stores its record. `ttlMs`: 500-60 000. Returns the fencing number, which
   * rises with each new holder. Fails `STALE_EPOCH` when another start of the same node id took the lease since, or
   * this one was buried (`fence` lower than the stored one). Safe to repeat.
   */
  renew(record: NodeRecord, lease: { fence: number | undefined; ttlMs: number }): Promise<number>;
  /** Gives the lease back, if it is still held. */
  release(nodeId: string, fence: number): Promise<void>;
  /**
   * Declares a node dead, `fence` being that of the start that died: only if no start of it has a lease; the fence rises,
   * so that the next renewal of what was buried fails `STALE_EPOCH`, for an hour. Returns whether it is dead now. Safe
   * to repeat. Only for the one that leads: fails `STALE_EPOCH` when `leaderFence` is not the number of the present lease.
   */
  bury(nodeId: string, fence: number, leaderFence: number): Promise<boolean>;
  /** All nodes with a valid lease, and when each was renewed. */
  list(): Promise<readonly RegisteredNode[]>;
  /** Counts one session assigned to a node since `beat`, across all gateways; returns the count. Forgotten with the next beats. */
  countAssignment(nodeId: string, beat: number): Promise<number>;
}

export interface RegisteredNode {
  readonly record: NodeRecord;
  readonly fence: number;
  /** Since the last renewal, by the store's clock. */
  readonly leaseAgeMs: number;
}
