import type { NodeRecord } from '@skein/protocol';
import type { NodeRegistry, RegisteredNode } from '../node-registry.ts';
import { keys } from '../scripts/keys.ts';
import { bury, countAssignment, release, renew } from '../scripts/node-scripts.ts';
import { refusals } from '../store-errors.ts';
import { leaseTimeMs } from './lease-time.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Some beats: an assignment is forgotten when the node's report shows it. */
const ASSIGNMENT_LIFE_MS = 10_000;
/** How long a buried start that comes back finds out by its renewal. */
const BURIED_LIFE_MS = 3_600_000;
/** So often the set of ids is written again: about every two seconds. */
const RENEWALS_PER_LISTING = 8;

export class RedisNodes implements NodeRegistry {
  readonly #redis: RedisConnection;
  #renewals = 0;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  async renew(
    record: NodeRecord,
    { fence, ttlMs }: { fence: number | undefined; ttlMs: number },
  ): Promise<number> {
    const { nodeId } = record;
    const args = [fence ?? '', leaseTimeMs(ttlMs), JSON.stringify(record)];
    // The set of ids lies in another slot; written now and then, so that an entry that `list` dropped too early comes back.
    const listed = fence !== undefined && ++this.#renewals % RENEWALS_PER_LISTING !== 0;
    const [[status, held, added]] = await Promise.all([
      this.#redis.run(renew, [keys.node(nodeId)], args) as Promise<
        [status: string, fence: string, added: number]
      >,
      listed ? undefined : this.#redis.call(['SADD', keys.nodes, nodeId]),
    ]);
    if (status === 'STALE_EPOCH') throw refusals.NODE_REPLACED(nodeId);
    // The store had forgotten the node, and the set maybe as well.
    if (listed && added > 0) await this.#redis.call(['SADD', keys.nodes, nodeId]);
    return Number(held);
  }

  async release(nodeId: string, fence: number): Promise<void> {
    const released = await this.#redis.run(release, [keys.node(nodeId)], [fence]);
    if (released === 1) await this.#redis.call(['SREM', keys.nodes, nodeId]);
  }

  async bury(nodeId: string, fence: number, leaderFence: number): Promise<boolean> {
    const args = [fence, BURIED_LIFE_MS, leaderFence, `bury ${nodeId}`];
    const reply = await this.#redis.run(bury, [keys.node(nodeId), keys.reconciler, keys.acts], args);
    if (reply === 'NOT_LEADING') throw refusals.NOT_LEADING();
    return reply === 1;
  }

  async list(): Promise<readonly RegisteredNode[]> {
    const ids = (await this.#redis.call(['SMEMBERS', keys.nodes])) as string[];
    if (ids.length === 0) return [];
    const reads = ids.map((id) => ['HMGET', keys.node(id), 'record', 'fence', 'renewedAtUs'] as const);
    const [time, ...found] = await this.#redis.batch([['TIME'], ...reads]);
    const [seconds, microseconds] = time as [string, string];
    const nowMs = Number(seconds) * 1000 + Number(microseconds) / 1000;
    const gone = ids.filter((_, at) => (found[at] as (string | null)[])[0] === null);
    if (gone.length > 0) await this.#redis.call(['SREM', keys.nodes, ...gone]);
    return (found as (readonly [string | null, string, string])[]).flatMap(([record, fence, renewedAtUs]) => {
      if (record === null) return [];
      const leaseAgeMs = Math.max(0, nowMs - Number(renewedAtUs) / 1000);
      return [{ record: JSON.parse(record) as NodeRecord, fence: Number(fence), leaseAgeMs }];
    });
  }

  async countAssignment(nodeId: string, beat: number): Promise<number> {
    return Number(
      await this.#redis.run(countAssignment, [keys.assigned(nodeId, beat)], [ASSIGNMENT_LIFE_MS]),
    );
  }
}
