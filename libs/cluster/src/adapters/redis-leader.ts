import type { LeaderLease } from '../leader-lease.ts';
import { keys } from '../scripts/keys.ts';
import { hold, release } from '../scripts/leader-scripts.ts';
import { leaseTimeMs } from './lease-time.ts';
import type { RedisConnection } from './redis-connection.ts';

export class RedisLeader implements LeaderLease {
  readonly #redis: RedisConnection;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async hold(holderId: string, ttlMs: number): Promise<number | undefined> {
    const args = [holderId, leaseTimeMs(ttlMs)];
    const [status, fence] = (await this.#redis.run(hold, [keys.reconciler], args)) as [string, string?];
    return status === 'OK' ? Number(fence) : undefined;
  }

  async release(holderId: string): Promise<void> {
    await this.#redis.run(release, [keys.reconciler], [holderId]);
  }
}
