import { silentLogger } from '@skein/telemetry';
import type { ClusterStore, StoreOptions } from '../store/cluster-store.ts';
import { RedisConnection } from './redis-connection.ts';
import { RedisLeader } from './redis-leader.ts';
import { RedisNodes } from './redis-nodes.ts';
import { RoomIndex } from './redis-room-index.ts';
import { RedisRooms } from './redis-rooms.ts';

/**
 * Connects to Redis. Waits for the server, trying again with a bounded, jittered pause, until it is there or `signal`
 * ends the wait; once connected, reconnects for ever. Never fails for a server that is not there.
 */
export async function connectStore(options: StoreOptions): Promise<ClusterStore> {
  return storeOver(await RedisConnection.open(options), options);
}

/** All of the store over one connection. */
export function storeOver(connection: RedisConnection, { log = silentLogger }: StoreOptions): ClusterStore {
  return {
    rooms: new RedisRooms(connection, new RoomIndex(connection, log)),
    nodes: new RedisNodes(connection, log),
    leader: new RedisLeader(connection),
    get status() {
      return connection.status;
    },
    close: () => connection.close(),
  };
}
