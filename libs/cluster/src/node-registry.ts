import type { NodeRecord } from '@skein/protocol';

/** The nodes' leases and last reports. Every failure of the store is `UNAVAILABLE`. */
export interface NodeRegistry {
  /**
   * Takes or renews a node's lease and stores its record. `ttlMs`: 1 000-60 000. Returns the fencing number, which
   * rises with each new holder. Fails `STALE_EPOCH` when another start of the same node id took the lease since
   * (`fence` lower than the stored one). Safe to repeat.
   */
  renew(record: NodeRecord, lease: { fence: number | undefined; ttlMs: number }): Promise<number>;
  /** Gives the lease back, if it is still held. */
  release(nodeId: string, fence: number): Promise<void>;
  /**
   * Declares a node dead: only if its lease has really run out; its fence rises, so that the node's next renewal fails
   * `STALE_EPOCH`. Returns whether it is dead now.
   */
  bury(nodeId: string, fence: number): Promise<boolean>;
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
