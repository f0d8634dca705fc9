import type { MachineTime, TreeUsage } from './process-stat.ts';
import type { NatsMessages, RedisCommands } from './store-stats.ts';

export type ProcessKind = 'media-node' | 'gateway' | 'control' | 'redis' | 'nats';

/** One process of the cluster with all that it has started. */
export interface ProcessSample extends TreeUsage {
  readonly name: string;
  readonly kind: ProcessKind;
}

/** What the cluster holds, as its media nodes say. */
export interface ClusterCounts {
  readonly sessions: number;
  readonly tracks: number;
  readonly subscriptions: number;
  /** Links between nodes. */
  readonly pipes: number;
  /** Links between workers of one node. */
  readonly workerPipes: number;
  /** What has gone through the links between nodes that are open, both ways. */
  readonly pipedBytes: number;
}

/** The cluster at one moment. Counters are cumulative; what could not be had is missing. */
export interface ClusterSample {
  readonly atMs: number;
  readonly processes: readonly ProcessSample[];
  readonly machine?: MachineTime | undefined;
  /** Datagrams that sockets of this machine had no room for. */
  readonly udpDrops?: number | undefined;
  readonly redis?: RedisCommands | undefined;
  readonly nats?: NatsMessages | undefined;
  readonly counts?: ClusterCounts | undefined;
}

/** CPU time that processes of a kind used between two samples. A process that was restarted meanwhile counts from 0. */
export function cpuMsBetween(earlier: ClusterSample, later: ClusterSample, kind: ProcessKind): number {
  const before = new Map(earlier.processes.map(({ name, cpuMs }) => [name, cpuMs]));
  return later.processes
    .filter((one) => one.kind === kind)
    .reduce((sum, { name, cpuMs }) => {
      const from = before.get(name) ?? 0;
      return sum + (cpuMs >= from ? cpuMs - from : cpuMs);
    }, 0);
}

/** Memory of all processes of a kind. */
export function residentBytes(sample: ClusterSample, kind: ProcessKind): number {
  return sample.processes.filter((one) => one.kind === kind).reduce((sum, one) => sum + one.residentBytes, 0);
}

/** Share of the machine's time that was used between two samples, 0 to 1. */
export function machineBusyBetween(earlier: ClusterSample, later: ClusterSample): number | undefined {
  if (!earlier.machine || !later.machine) return undefined;
  const busyMs = later.machine.busyMs - earlier.machine.busyMs;
  const allMs = busyMs + later.machine.idleMs - earlier.machine.idleMs;
  return allMs > 0 ? Math.min(1, Math.max(0, busyMs / allMs)) : undefined;
}
