import type { Redis } from 'ioredis';
import type { StoreOptions } from '../store/cluster-store.ts';
import { readReplication, type Replication } from '../connection/replication.ts';
import { runIdOfPrimary, type RedisClient } from './redis-client.ts';

/** What a look at a server came to. `historyId`: of its data, `undefined` where the server does not say. */
export type Seen =
  | { readonly kind: 'primary'; readonly historyId: string | undefined }
  | { readonly kind: 'notPrimary'; readonly reason: string };

/** Asks a server that was just connected to. A cluster with sentinels has another primary as soon as they say so. */
export async function checkNewPrimary(client: RedisClient, options: StoreOptions): Promise<Seen> {
  const { redis, address } = client;
  const seen = await checkPrimary(redis);
  if (seen.kind === 'notPrimary' || address.kind === 'server') return seen;
  // The look at the sentinels that led here was before the connection, and a failover may have come between.
  const [{ runId }, wanted] = await Promise.all([info(redis, 'server'), runIdOfPrimary(address, options)]);
  if (wanted === undefined || runId === undefined || wanted === runId) return seen;
  return { kind: 'notPrimary', reason: 'the sentinels have another primary' };
}

/** Asks a server whether it is the primary. */
export async function checkPrimary(redis: Redis): Promise<Seen> {
  const { role, historyId } = await info(redis, 'replication');
  if (role === 'replica') return { kind: 'notPrimary', reason: 'the server is a replica' };
  return { kind: 'primary', historyId };
}

async function info(redis: Redis, section: 'server' | 'replication'): Promise<Replication> {
  try {
    return readReplication(await redis.info(section));
  } catch (error) {
    // Some that are run for others hide it. A replica refuses the first write then.
    if (error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message)) return readReplication('');
    throw error;
  }
}
