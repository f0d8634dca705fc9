export { RestingRedis } from './adapters/resting-redis.ts';
export { connectStore } from './adapters/redis-store.ts';
export type { ClusterStore, StoreOptions, StoreStatus } from './cluster-store.ts';
export type { LeaderAct, LeaderLease, LeaderView } from './leader-lease.ts';
export {
  openNodeDirectory,
  type DirectoryQuery,
  type NodeDirectory,
  type NodeDirectoryEvents,
  type NodeDirectoryOptions,
} from './node-directory.ts';
export {
  wholeReading,
  type NodeRegistry,
  type NodeReport,
  type RegisteredNode,
  type RegistryQuery,
  type RegistryReading,
} from './node-registry.ts';
export { isOver, orderOfStarts, supersedes, type NodeStart } from './node-start.ts';
export { RegistryView } from './registry-view.ts';
export {
  chooseCandidates,
  defaultPlacementPolicy,
  isUsable,
  projectedLoad,
  type CandidateQuery,
  type NodeView,
  type PlacementPolicy,
} from './placement.ts';
export { DEFAULT_FAN_OUT, relaysFor } from './relay-tree.ts';
export { publishChanges, publishViewership } from './room-events.ts';
export { RoomNews } from './room-news.ts';
export { openRoomFeed, type RoomFeed, type RoomFeedEvents, type RoomFeedOptions } from './room-feed.ts';
export { openRoomFeeds, type RoomFeedRef, type RoomFeeds, type RoomFeedsOptions } from './room-feeds.ts';
export type {
  Held,
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
} from './room-store.ts';
export { storeAddress, storeSettings, type StoreConfig } from './settings.ts';
export type { StoreAddress } from './store-address.ts';
export { MemoryRooms } from './memory-rooms.ts';
