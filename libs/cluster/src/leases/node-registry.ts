import type { NodeLoad, NodeRecord } from '@skein/protocol';

/** The nodes' leases and last reports. Every failure of the store is `UNAVAILABLE`. */
export interface NodeRegistry {
  /**
   * Takes or renews a node's lease and stores its record. `ttlMs`: 500-60 000. Returns the fencing number, which
   * rises with each new holder. Fails `STALE_EPOCH` when another start of the same node id took the lease since, or
   * this one was evicted (`fence` lower than the stored one). Safe to repeat.
   */
  renew(record: NodeRecord, lease: { fence: number | undefined; ttlMs: number }): Promise<number>;
  /** Gives the lease back, if it is still held. */
  release(nodeId: string, fence: number): Promise<void>;
  /**
   * Evicts a dead node whose start had `fence`: only without a lease, unless `crashed` says that the process behind this
   * very fence has ended, which revokes its lease. Raises the fence, so that the next renewal of that start fails
   * `STALE_EPOCH`, for an hour. Returns whether it is evicted now. Safe to repeat. Leader only: fails `STALE_EPOCH` when
   * `leaderFence` is not that of the present lease.
   */
  evict(
    nodeId: string,
    fence: number,
    leaderFence: number,
    options?: { crashed?: boolean },
  ): Promise<boolean>;
  /** All nodes with a valid lease, and when each was renewed. One command. */
  list(): Promise<readonly RegisteredNode[]>;
  /**
   * What has changed since the reading whose `version` is given: new starts and states, and leases that ended. One command,
   * whose answer is a few bytes when nothing changed. Without `since`, and whenever the store cannot say, all nodes. Loads
   * change with every renewal and count as no change; `loads: true` adds those of all nodes, 80 bytes each.
   */
  read(query?: RegistryQuery): Promise<RegistryReading>;
  /** Counts one session assigned to a node since `beat`, across all gateways; returns the count. Forgotten with the next heartbeats. */
  countAssignment(nodeId: string, beat: number): Promise<number>;
}

export interface RegistryQuery {
  readonly since?: number | undefined;
  /** Default false. */
  readonly loads?: boolean;
}

export interface RegistryReading {
  readonly version: number;
  /** Whether `nodes` are all that there are. */
  readonly whole: boolean;
  readonly nodes: readonly RegisteredNode[];
  /** Ids of nodes without a lease any more; empty in a whole reading. */
  readonly gone: readonly string[];
  /** Of all nodes with a lease, by id; empty unless asked for. */
  readonly reports: ReadonlyMap<string, NodeReport>;
}

/** What changes with each renewal. */
export interface NodeReport {
  readonly beat: number;
  readonly load: NodeLoad;
  readonly fence: number;
  /** Since the last renewal, by the store's clock. */
  readonly leaseAgeMs: number;
  /** When that was, by the store's clock. */
  readonly renewedAtMs?: number | undefined;
}

export interface RegisteredNode {
  readonly record: NodeRecord;
  readonly fence: number;
  /** Since the last renewal, by the store's clock. */
  readonly leaseAgeMs: number;
  /** When that was, by the store's clock, which gives epochs and fences too. */
  readonly renewedAtMs?: number | undefined;
}

/** A whole reading of these nodes: for registries in memory. */
export function wholeReading(nodes: readonly RegisteredNode[], version = 1): RegistryReading {
  const reports = new Map(
    nodes.map(({ record, fence, leaseAgeMs, renewedAtMs }) => [
      record.nodeId,
      { beat: record.beat, load: record.load, fence, leaseAgeMs, renewedAtMs },
    ]),
  );
  return { version, whole: true, nodes, gone: [], reports };
}
