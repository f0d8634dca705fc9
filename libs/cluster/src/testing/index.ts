export { aNode, aRequest, aTrack } from './builders.ts';
export { MemoryRooms } from './memory-rooms.ts';
export { RestingRedis } from './resting-redis.ts';
