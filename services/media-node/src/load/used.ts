import type { NodeLoad } from '@skein/protocol';

export interface LoadLimits {
  /** Packets per second, received and sent, at which the node is full. */
  readonly packetsPerSecond: number;
}

/** The share of the node's capacity in use, 1 = full: of its busiest core or of its packets, whichever is more. Pure. */
export function usedShare(
  { busiestWorkerCpu, packetsPerSecond }: Pick<NodeLoad, 'busiestWorkerCpu' | 'packetsPerSecond'>,
  limits: LoadLimits,
): number {
  return Math.max(busiestWorkerCpu, packetsPerSecond / limits.packetsPerSecond);
}
