import type { Clock, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { LeaderLease } from '../leases/leader-lease.ts';
import type { NodeRegistry } from '../leases/node-registry.ts';
import type { RoomStore } from './room-store.ts';
import type { StoreAddress } from './store-address.ts';

/** The shared store of the cluster: rooms, nodes and the leader lease. */
export interface ClusterStore {
  readonly rooms: RoomStore;
  readonly nodes: NodeRegistry;
  /** Held by the control that leads. */
  readonly leader: LeaderLease;
  /** Whether the store answers, and since when. While `disconnected`, calls fail with `UNAVAILABLE` at once. */
  readonly status: StoreStatus;
  /** Lets running calls end, at most one call's deadline, and closes. */
  close(): Promise<void>;
}

export interface StoreStatus {
  /** `disconnected`: there is no connection, or a call on it went unanswered. */
  readonly state: 'connected' | 'disconnected';
  readonly sinceMs: number;
}

export interface StoreOptions {
  /**
   * `redis://[user:password@]host:port[/db]`, or `redis+sentinel://[user:password@]host:port,host:port/name[/db]` for the
   * primary that sentinels name; with `rediss` for TLS. `connectStore` fails `INVALID_ARGUMENT` for anything else. Or what
   * `storeAddress` read from the settings.
   */
  readonly url: string | StoreAddress;
  readonly clock: Clock;
  /** Spreads the attempts to connect. Default: the system's. */
  readonly random?: Random;
  /** Default: silent. */
  readonly log?: Logger;
  /** Shown by the server as the client's name. */
  readonly name?: string;
  /** Ends the wait for the server at the start; `connectStore` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called with every change of the status, and when the first attempt fails. */
  readonly onStatus?: (status: StoreStatus) => void;
  /** Milliseconds after which an unanswered call fails with `UNAVAILABLE`, and the next ones at once. Default 1000. */
  readonly commandTimeoutMs?: number;
}
