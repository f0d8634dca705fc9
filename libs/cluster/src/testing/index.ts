export { aNode, aRequest, aTrack } from './builders.ts';
export {
  MemoryStore,
  type MemoryConnectionOptions,
  type MemoryStoreOptions,
  type StoreCall,
} from './memory-store.ts';
export { RestingRedis } from './resting-redis.ts';
