import type { Redis } from 'ioredis';
import type { StoreOptions } from '../store/cluster-store.ts';
import { readReplication, type Replication } from '../connection/replication.ts';
import { runIdOfPrimary, type RedisClient } from './redis-client.ts';

/** The result of a check. `historyId`: of the server's data; `undefined` where it does not tell. */
export type Seen =
  | { readonly kind: 'primary'; readonly historyId: string | undefined }
  | { readonly kind: 'notPrimary'; readonly reason: string };

/** Checks a server after connecting to it. With sentinels, the primary is the server that they name. */
export async function checkNewPrimary(client: RedisClient, options: StoreOptions): Promise<Seen> {
  const { redis, address } = client;
  const seen = await checkPrimary(redis);
  if (seen.kind === 'notPrimary' || address.kind === 'server') return seen;
  // A failover may have happened since the sentinels were asked for the address.
  const [{ runId }, wanted] = await Promise.all([info(redis, 'server'), runIdOfPrimary(address, options)]);
  if (wanted === undefined || runId === undefined || wanted === runId) return seen;
  return { kind: 'notPrimary', reason: 'the sentinels have another primary' };
}

/** Checks whether a server is the primary. */
export async function checkPrimary(redis: Redis): Promise<Seen> {
  const { role, historyId } = await info(redis, 'replication');
  if (role === 'replica') return { kind: 'notPrimary', reason: 'the server is a replica' };
  return { kind: 'primary', historyId };
}

async function info(redis: Redis, section: 'server' | 'replication'): Promise<Replication> {
  try {
    return readReplication(await redis.info(section));
  } catch (error) {
    // Some hosted servers hide it. A replica refuses the first write then.
    if (error instanceof Error && /^(NOPERM|ERR)\b/.test(error.message)) return readReplication('');
    throw error;
  }
}
