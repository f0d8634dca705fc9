export { connectStore } from './adapters/redis-store.ts';
export type { ClusterStore, StoreOptions, StoreStatus } from './store/cluster-store.ts';
export type { AuditEntry, LeaderLease, LeaderView } from './leases/leader-lease.ts';
export {
  openNodeDirectory,
  type DirectoryQuery,
  type NodeDirectory,
  type NodeDirectoryEvents,
  type NodeDirectoryOptions,
} from './nodes/node-directory.ts';
export {
  wholeReading,
  type NodeRegistry,
  type NodeReport,
  type RegisteredNode,
  type RegistryQuery,
  type RegistryReading,
} from './leases/node-registry.ts';
export { isOver, orderOfStarts, supersedes, type NodeStart } from './leases/node-start.ts';
export { RegistryView } from './nodes/registry-view.ts';
export {
  chooseCandidates,
  defaultPlacementPolicy,
  isUsable,
  projectedLoad,
  type CandidateQuery,
  type NodeView,
  type PlacementPolicy,
} from './placement/placement.ts';
export { DEFAULT_FAN_OUT, relaysFor } from './placement/relay-tree.ts';
export { publishChanges, publishViewership } from './feeds/room-events.ts';
export { RoomPublisher } from './feeds/room-publisher.ts';
export { openRoomFeed, type RoomFeed, type RoomFeedEvents, type RoomFeedOptions } from './feeds/room-feed.ts';
export {
  openRoomFeeds,
  type RoomFeedRef,
  type RoomFeeds,
  type RoomFeedsOptions,
} from './feeds/room-feeds.ts';
export type {
  RoomAnnouncement,
  MoveRequest,
  Placed,
  PlaceRequest,
  PlacementCandidates,
  RoomHead,
  RoomStore,
  RoomWrite,
  SessionInRoom,
  StoredSnapshot,
  StoreRecovery,
} from './store/room-store.ts';
export { storeAddress, storeSettings, type StoreConfig } from './store/settings.ts';
export type { StoreAddress } from './store/store-address.ts';
