import type { ClusterStore } from '../../store/cluster-store.ts';

/** A store of either kind, and what a test does to it from outside. */
export interface StoreUnderTest {
  readonly store: ClusterStore;
  /** One more process' connection. The caller closes it. */
  connect(): Promise<ClusterStore>;
  /** Drops everything, or one room. */
  lose(room?: string): Promise<void>;
  /** Whether nothing is kept of any room. */
  isEmpty(): Promise<boolean>;
  /** How many participants and viewers of a room each node carries, as the store counts them. */
  hosts(room: string): Promise<Record<string, number>>;
  /** Ends a node's lease as if its time had passed. */
  expireNode(nodeId: string): Promise<void>;
  /** The same for the leader lease. */
  expireLeader(): Promise<void>;
  /** Puts something else in place of a room's tracks, as somebody can who writes past the store. */
  corruptTracks(room: string): Promise<void>;
  /** The counters that a store keeps beside the state; absent for a store that counts on demand. */
  counters?(room: string): Promise<RoomCounters>;
}

export interface RoomCounters {
  /** Members by node. */
  readonly hosts: Record<string, string>;
  /** Track ids by owner. */
  readonly owned: Record<string, string>;
  /** Viewers by node. */
  readonly viewed: Record<string, string>;
}

/** Registers hooks of the calling file or `describe`: a store that is empty before each test. */
export type UseStore = (onReady: (test: StoreUnderTest) => void) => void;
