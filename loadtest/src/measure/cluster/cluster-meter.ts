import type { LocalCluster } from '@skein/local-cluster';
import type { NodeStatus } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import { readMachineTime, readTreeUsages, readUdpDrops } from './adapters/proc.ts';
import { readNatsMessages, readRedisCommands } from './adapters/stores.ts';
import type { ClusterCounts, ClusterSample, ProcessKind, ProcessSample } from './cluster-sample.ts';

/** What of a cluster can be measured: all of an own one; of a foreign one, what its control service says. */
export interface MeteredCluster {
  readonly cluster?: LocalCluster | undefined;
  /** Of the own cluster's NATS, such as `http://127.0.0.1:8222`. */
  readonly natsMonitorUrl?: string | undefined;
  /** Asks all media nodes. */
  readonly statuses?: (() => Promise<readonly NodeStatus[]>) | undefined;
}

/** The nodes are asked only so often: each walks over all that it holds. */
const COUNTS_EVERY_MS = 5000;

/** Takes samples of a cluster's cost. Never fails: what cannot be had is missing in the sample. */
export class ClusterMeter {
  readonly #metered: MeteredCluster;
  readonly #clock: Clock;
  #counts: ClusterCounts | undefined;
  #countedAtMs = -Infinity;

  constructor(metered: MeteredCluster, clock: Clock) {
    this.#metered = metered;
    this.#clock = clock;
  }

  /** `fresh`: asks the nodes also when they were asked just before. */
  async sample({ fresh = false } = {}): Promise<ClusterSample> {
    const { cluster, natsMonitorUrl } = this.#metered;
    const [processes, machine, udpDrops, redis, nats, counts] = await Promise.all([
      cluster ? sampleProcesses(cluster) : [],
      readMachineTime(),
      readUdpDrops(),
      cluster?.redis && readRedisCommands(cluster.redisUrl),
      natsMonitorUrl === undefined ? undefined : readNatsMessages(natsMonitorUrl),
      this.#sampleCounts(fresh),
    ]);
    return { atMs: this.#clock.now(), processes, machine, udpDrops, redis, nats, counts };
  }

  async #sampleCounts(fresh: boolean): Promise<ClusterCounts | undefined> {
    const { statuses } = this.#metered;
    const now = this.#clock.monotonicMs();
    if (!statuses || (!fresh && now - this.#countedAtMs < COUNTS_EVERY_MS)) return this.#counts;
    this.#countedAtMs = now;
    try {
      this.#counts = sumCounts(await statuses());
    } catch {
      // A node that was just killed; the next time tells again.
    }
    return this.#counts;
  }
}

async function sampleProcesses(cluster: LocalCluster): Promise<ProcessSample[]> {
  const running = cluster.processes().flatMap(({ name, status }) => {
    const pid = 'pid' in status ? status.pid : undefined;
    return pid === undefined ? [] : [{ name, kind: kindOf(name), pid }];
  });
  const usages = await readTreeUsages(running.map(({ pid }) => pid));
  return running.flatMap(({ name, kind, pid }) => {
    const usage = usages.get(pid);
    return usage && usage.processes > 0 ? [{ name, kind, ...usage }] : [];
  });
}

function kindOf(name: string): ProcessKind {
  if (name.startsWith('media-node')) return 'media-node';
  if (name.startsWith('gateway')) return 'gateway';
  if (name === 'redis' || name === 'nats') return name;
  return 'control';
}

function sumCounts(statuses: readonly NodeStatus[]): ClusterCounts {
  const sum = (pick: (counts: NonNullable<NodeStatus['counts']>) => number): number =>
    statuses.reduce((total, { counts }) => total + (counts ? pick(counts) : 0), 0);
  return {
    sessions: sum(({ sessions }) => sessions),
    tracks: sum(({ tracks }) => tracks),
    subscriptions: sum(({ subscriptions }) => subscriptions),
    // Each node counts its own end.
    pipes: sum(({ nodePipes }) => nodePipes) / 2,
    workerPipes: sum(({ workerPipes }) => workerPipes),
    pipedBytes: sum(({ nodePipeBytes }) => nodePipeBytes),
  };
}
