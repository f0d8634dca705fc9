import { nodeLoad, nodeRecord, SkeinError, type NodeRecord } from '@skein/protocol';
import type { Logger } from '@skein/telemetry';
import type {
  NodeRegistry,
  NodeReport,
  RegisteredNode,
  RegistryQuery,
  RegistryReading,
} from '../leases/node-registry.ts';
import { keys } from '../scripts/keys.ts';
import { evict, countAssignment, discardUnless, read, release, renew } from '../scripts/node-scripts.ts';
import type { Script } from '../scripts/script.ts';
import { StoreError } from '../store/errors.ts';
import { readJson } from '../store/stored-entries.ts';
import { leaseTimeMs } from '../leases/lease-time.ts';
import { isWrongType, type RedisConnection } from './redis-connection.ts';

/** Several heartbeats: an assignment is forgotten when the node's report shows it. */
const ASSIGNMENT_LIFE_MS = 10_000;

export class RedisNodes implements NodeRegistry {
  readonly #redis: Pick<RedisConnection, 'run'>;
  readonly #log: Logger;
  #damaged = 0;

  constructor(redis: Pick<RedisConnection, 'run'>, log: Logger) {
    this.#redis = redis;
    this.#log = log;
  }

  async renew(
    record: NodeRecord,
    { fence, ttlMs }: { fence: number | undefined; ttlMs: number },
  ): Promise<number> {
    const { beat, load, fence: _told, ...about } = record;
    const { nodeId } = about;
    const report = `${beat} ${JSON.stringify(load)}`;
    const args = [nodeId, fence ?? '', leaseTimeMs(ttlMs), JSON.stringify(about), report];
    const [status, held] = (await this.#run(renew, args)) as [string, string?];
    if (status === 'STALE_EPOCH') throw StoreError.nodeReplaced(nodeId);
    return Number(held);
  }

  async release(nodeId: string, fence: number): Promise<void> {
    await this.#run(release, [nodeId, fence]);
  }

  async evict(
    nodeId: string,
    fence: number,
    leaderFence: number,
    { crashed = false }: { crashed?: boolean } = {},
  ): Promise<boolean> {
    const args = [nodeId, fence, leaderFence, `evict ${nodeId}`, crashed ? 1 : 0];
    const reply = await this.#run(evict, args, [keys.reconciler, keys.auditLog]);
    if (reply === 'NOT_LEADING') throw StoreError.notLeader();
    return reply === 1;
  }

  async list(): Promise<readonly RegisteredNode[]> {
    return (await this.read()).nodes;
  }

  async read({ since, loads = false }: RegistryQuery = {}): Promise<RegistryReading> {
    const [now, version, whole, told, reports] = (await this.#run(read, [since ?? '', loads ? 1 : 0])) as [
      ...[now: string, version: string, whole: number],
      ...[nodes: readonly string[], reports: readonly string[]],
    ];
    const nowMs = Number(now) / 1000;
    const known = new Map<string, NodeReport>();
    for (const [nodeId, text] of pairs(reports)) {
      const report = text === '' ? undefined : reportFrom(text, nowMs);
      if (report) known.set(nodeId, report);
    }
    const [nodes, gone]: [RegisteredNode[], string[]] = [[], []];
    let damaged = 0;
    for (const [nodeId, about] of pairs(told)) {
      const report = known.get(nodeId);
      const node = report && nodeFrom(nodeId, about, report);
      if (node) nodes.push(node);
      else gone.push(nodeId);
      if (!node && about !== '') damaged++;
    }
    this.#reportDamaged(damaged);
    return {
      ...{ version: Number(version), whole: whole === 1, nodes, gone },
      reports: loads ? known : new Map(),
    };
  }

  /** Logs when the number changes: the registry is read many times a minute. */
  #reportDamaged(count: number): void {
    if (count > 0 && count !== this.#damaged)
      this.#log.warn({ count }, 'unreadable node records were left out');
    this.#damaged = count;
  }

  /** Removes a registry key of another type, which somebody put there: no node could renew its lease. */
  async #run(
    script: Script,
    args: readonly (string | number)[],
    more: readonly string[] = [],
  ): Promise<unknown> {
    const run = (): Promise<unknown> => this.#redis.run(script, [...keys.registry, ...more], args);
    try {
      return await run();
    } catch (error) {
      if (!(error instanceof SkeinError) || !isWrongType(error.cause)) throw error;
      for (const [at, key] of keys.registry.entries()) await this.#discard(key, TYPES[at] ?? 'hash');
      return await run();
    }
  }

  async #discard(key: string, wanted: 'hash' | 'zset'): Promise<void> {
    const removed = await this.#redis.run(discardUnless, [key], [wanted]);
    if (removed === 1) this.#log.warn({ key }, `removed a key of the node registry that was not a ${wanted}`);
  }

  async countAssignment(nodeId: string, beat: number): Promise<number> {
    return Number(
      await this.#redis.run(countAssignment, [keys.assigned(nodeId, beat)], [ASSIGNMENT_LIFE_MS]),
    );
  }
}

/** Of the keys of the registry, in their order. */
const TYPES = ['hash', 'hash', 'zset', 'hash', 'zset', 'zset', 'hash'] as const;

/** `undefined` unless it is a record of this node. */
function nodeFrom(
  nodeId: string,
  json: string,
  { beat, load, ...lease }: NodeReport,
): RegisteredNode | undefined {
  const parsed = nodeRecord.safeParse({ ...readJson<object>(json), beat, load });
  if (!parsed.success || parsed.data.nodeId !== nodeId) return undefined;
  return { ...lease, record: parsed.data };
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);
}

/** `fence renewedAtUs beat load`; `undefined` for a malformed report. */
function reportFrom(text: string, nowMs: number): NodeReport | undefined {
  const [fence, renewedAtUs, beat] = text.split(' ', 3).map(Number) as [number, number, number];
  const load = nodeLoad.safeParse(readJson(text.slice(text.indexOf('{'))));
  if (!load.success || ![fence, renewedAtUs, beat].every(Number.isFinite)) return undefined;
  const renewedAtMs = renewedAtUs / 1000;
  const leaseAgeMs = Math.max(0, nowMs - renewedAtMs);
  return { fence, beat, load: load.data, leaseAgeMs, renewedAtMs };
}
