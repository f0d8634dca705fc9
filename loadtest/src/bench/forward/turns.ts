import type { PeerMeasures, ToolHealth } from '../../measure/peer-measures.ts';

/** One side over one stretch. */
export interface Turn {
  readonly cpuMs: number;
  readonly lastedMs: number;
  readonly measures: PeerMeasures;
  readonly tool: ToolHealth;
}

/** What a side came to over all its turns: medians, and sums of what should not be. */
export interface SideFigures {
  readonly packetsPerSecond: number;
  readonly usPerPacket: number;
  readonly packetsLost: number;
}

/** Packets that the side sent out: those that came, and those that were lost on the way. */
export function forwarded({ packetsReceived, packetsLost }: PeerMeasures): number {
  return packetsReceived + packetsLost;
}

export function sideFigures(turns: readonly Turn[]): SideFigures {
  return {
    packetsPerSecond: median(turns.map(({ measures, lastedMs }) => (forwarded(measures) * 1000) / lastedMs)),
    usPerPacket: median(
      turns.map(({ measures, cpuMs }) => (cpuMs * 1000) / Math.max(1, forwarded(measures))),
    ),
    packetsLost: turns.reduce((sum, { measures }) => sum + measures.packetsLost, 0),
  };
}

/** Share of one core that the busiest thread of the tool can have used: its processes run one event loop each. */
export function toolCores(turns: readonly Turn[]): number {
  return median(turns.map(({ tool, lastedMs }) => tool.cpuMs / lastedMs));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].toSorted((one, other) => one - other);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return 0;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? 0)
    : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
