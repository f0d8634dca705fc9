/** What a gateway needs to join a client to a room. */
export interface ReadinessFacts {
  readonly natsConnected: boolean;
  readonly redisConnected: boolean;
  /** Media nodes that can be placed on now. */
  readonly readyNodes: number;
  readonly stopping: boolean;
}

export type Missing = 'nats' | 'redis' | 'media-nodes' | 'running';
export interface Readiness {
  readonly ready: boolean;
  /** Empty when ready. `running`: the gateway is stopping. */
  readonly missing: readonly Missing[];
}

/**
 * Ready means that a join sent here now finds both stores and a node. A gateway that is not ready may be alive: without its
 * stores it keeps its sockets and must not be restarted.
 */
export function readinessOf({
  natsConnected,
  redisConnected,
  readyNodes,
  stopping,
}: ReadinessFacts): Readiness {
  const missing: Missing[] = [];
  if (stopping) missing.push('running');
  if (!natsConnected) missing.push('nats');
  if (!redisConnected) missing.push('redis');
  if (readyNodes === 0) missing.push('media-nodes');
  return { ready: missing.length === 0, missing };
}
