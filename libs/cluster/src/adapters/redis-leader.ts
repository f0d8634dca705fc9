import type { LeaderLease, LeaderView } from '../leases/leader-lease.ts';
import { keys } from '../scripts/keys.ts';
import { hold, release, view } from '../scripts/leader-scripts.ts';
import { leaseTimeMs } from '../leases/lease-time.ts';
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

  async view(): Promise<LeaderView> {
    const reply = await this.#redis.run(view, [keys.reconciler, keys.auditLog], []);
    const [holder, fence, held, auditLog] = reply as [
      ...[holder: string, fence: string, held: number],
      auditLog: readonly (readonly [id: string, fields: readonly [string, string, string, string]])[],
    ];
    return {
      holderId: held === 1 ? holder : undefined,
      fence: Number(fence),
      auditLog: auditLog.map(([id, [, by, , what]]) => ({ id, fence: Number(by), what })),
    };
  }

  async release(holderId: string): Promise<void> {
    await this.#redis.run(release, [keys.reconciler], [holderId]);
  }
}
