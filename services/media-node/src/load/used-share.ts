import type { WorkerUse } from '../workers/worker-pool.ts';

export interface LoadLimits {
  /** Packets per second, received and sent, at which the node is full. */
  readonly packetsPerSecond: number;
}

export interface NodeUse {
  readonly workers: readonly WorkerUse[];
  readonly packetsPerSecond: number;
  /** The highest share of one of the node's own hard limits in use. */
  readonly limitsUsed: number;
}

/**
 * The share of the node's capacity in use, 1 = full: the highest of its workers together, its packets, and its hard limits.
 * A worker counts as at most full, so that the capacity beside a hot one stays usable. Pure.
 */
export function usedShare({ workers, packetsPerSecond, limitsUsed }: NodeUse, limits: LoadLimits): number {
  return Math.max(workersUsed(workers), packetsPerSecond / limits.packetsPerSecond, limitsUsed);
}

/** The share of the hard limits in use, 1 = the node refuses sessions, at its own limit or with every worker at one. Pure. */
export function hardLimitsUsed({ workers, limitsUsed }: Pick<NodeUse, 'workers' | 'limitsUsed'>): number {
  const running = workers.filter((worker) => worker.running);
  const roomiest = running.length > 0 ? Math.min(...running.map((worker) => worker.limitsUsed)) : 0;
  return Math.max(roomiest, limitsUsed);
}

function workersUsed(workers: readonly WorkerUse[]): number {
  const shares = workers.map(({ running, cpu, limitsUsed }) =>
    running ? Math.min(1, Math.max(cpu, limitsUsed)) : 1,
  );
  return shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
}
