import type { NodeLoad, NodeRecord } from '@skein/protocol';
import type {
  NodeRegistry,
  NodeReport,
  RegisteredNode,
  RegistryQuery,
  RegistryReading,
} from '../node-registry.ts';
import { keys } from '../scripts/keys.ts';
import { bury, countAssignment, read, release, renew } from '../scripts/node-scripts.ts';
import { refusals } from '../store-errors.ts';
import { leaseTimeMs } from './lease-time.ts';
import type { RedisConnection } from './redis-connection.ts';

/** Some beats: an assignment is forgotten when the node's report shows it. */
const ASSIGNMENT_LIFE_MS = 10_000;

type About = Omit<NodeRecord, 'beat' | 'load'>;

export class RedisNodes implements NodeRegistry {
  readonly #redis: Pick<RedisConnection, 'run'>;

  constructor(redis: Pick<RedisConnection, 'run'>) {
    this.#redis = redis;
  }

  async renew(
    record: NodeRecord,
    { fence, ttlMs }: { fence: number | undefined; ttlMs: number },
  ): Promise<number> {
    const { beat, load, fence: _told, ...about } = record;
    const { nodeId } = about;
    const report = `${beat} ${JSON.stringify(load)}`;
    const args = [nodeId, fence ?? '', leaseTimeMs(ttlMs), JSON.stringify(about), report];
    const [status, held] = (await this.#redis.run(renew, keys.registry, args)) as [string, string?];
    if (status === 'STALE_EPOCH') throw refusals.NODE_REPLACED(nodeId);
    return Number(held);
  }

  async release(nodeId: string, fence: number): Promise<void> {
    await this.#redis.run(release, keys.registry, [nodeId, fence]);
  }

  async bury(nodeId: string, fence: number, leaderFence: number): Promise<boolean> {
    const args = [nodeId, fence, leaderFence, `bury ${nodeId}`];
    const reply = await this.#redis.run(bury, [...keys.registry, keys.reconciler, keys.acts], args);
    if (reply === 'NOT_LEADING') throw refusals.NOT_LEADING();
    return reply === 1;
  }

  async list(): Promise<readonly RegisteredNode[]> {
    return (await this.read()).nodes;
  }

  async read({ since, loads = false }: RegistryQuery = {}): Promise<RegistryReading> {
    const [now, version, whole, told, reports] = (await this.#redis.run(read, keys.registry, [
      since ?? '',
      loads ? 1 : 0,
    ])) as [
      ...[now: string, version: string, whole: number],
      ...[nodes: readonly string[], reports: readonly string[]],
    ];
    const nowMs = Number(now) / 1000;
    const known = new Map<string, NodeReport>();
    for (const [nodeId, text] of pairs(reports)) {
      if (text !== '') known.set(nodeId, reportFrom(text, nowMs));
    }
    const [nodes, gone]: [RegisteredNode[], string[]] = [[], []];
    for (const [nodeId, about] of pairs(told)) {
      const report = known.get(nodeId);
      if (about === '' || !report) gone.push(nodeId);
      else nodes.push(nodeFrom(about, report));
    }
    return {
      ...{ version: Number(version), whole: whole === 1, nodes, gone },
      reports: loads ? known : new Map(),
    };
  }

  async countAssignment(nodeId: string, beat: number): Promise<number> {
    return Number(
      await this.#redis.run(countAssignment, [keys.assigned(nodeId, beat)], [ASSIGNMENT_LIFE_MS]),
    );
  }
}

function nodeFrom(json: string, { beat, load, ...lease }: NodeReport): RegisteredNode {
  return { ...lease, record: { ...(JSON.parse(json) as About), beat, load } };
}

function pairs(flat: readonly string[]): readonly (readonly [string, string])[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => [flat[2 * at] ?? '', flat[2 * at + 1] ?? '']);
}

/** `fence renewedAtUs beat load`. */
function reportFrom(text: string, nowMs: number): NodeReport {
  const [fence, renewedAtUs, beat] = text.split(' ', 3);
  const load = JSON.parse(text.slice(text.indexOf('{'))) as NodeLoad;
  const renewedAtMs = Number(renewedAtUs) / 1000;
  const leaseAgeMs = Math.max(0, nowMs - renewedAtMs);
  return { fence: Number(fence), beat: Number(beat), load, leaseAgeMs, renewedAtMs };
}
