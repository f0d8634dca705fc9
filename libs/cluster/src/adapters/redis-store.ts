import type { ClusterStore, StoreOptions } from '../cluster-store.ts';

/**
 * Connects to Redis. Waits for the server, trying again with a bounded, jittered pause, until it is there or `signal`
 * ends the wait; once connected, reconnects for ever. Never fails for a server that is not there.
 */
export async function connectStore(options: StoreOptions): Promise<ClusterStore> {
  throw new Error(`not there yet: ${options.name}`);
}
