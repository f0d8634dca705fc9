import type { FlowPlan } from './flow.ts';

/** 640x360 in one layer, so that both sides forward the same packets whatever they think of the bandwidth. */
const CAMERA = { source: 'camera', layers: 1, onlyLayer: 2 } as const;
const MICROPHONE = { source: 'microphone' } as const;

/** What our side spreads a room over. The bare side is one worker. */
export interface Spread {
  readonly nodes: number;
  readonly workersPerNode: number;
}

export interface ForwardSize extends FlowPlan {
  readonly spread: Spread;
  /** The budget: CPU per packet against the bare worker, at most. The reasons are in `docs/performance.md`. */
  readonly maxRatio: number;
}

export interface ForwardPlan {
  /** Rooms on one worker: no pipe carries any of their packets. */
  readonly sizes: readonly ForwardSize[];
  /** Rooms in which every track crosses one pipe. */
  readonly pipedSizes: readonly ForwardSize[];
  /** Each side is measured so often, in turn; the median counts. */
  readonly rounds: number;
  readonly stretchMs: number;
  /** Let go so long before it is measured. */
  readonly settleMs: number;
}

const ONE_WORKER: Spread = { nodes: 1, workersPerNode: 1 };
const TWO_WORKERS: Spread = { nodes: 1, workersPerNode: 2 };
const TWO_NODES: Spread = { nodes: 2, workersPerNode: 1 };

const MEETING = { publish: [MICROPHONE, CAMERA], viewers: 0, mutual: true } as const;
const WEBINAR = { publishers: 1, publish: [MICROPHONE, CAMERA], viewers: 199, mutual: false } as const;
const SPEAKERS = { publishers: 5, publish: [MICROPHONE], viewers: 95, mutual: true } as const;

export const FORWARD_PLANS: Readonly<Record<'long' | 'short', ForwardPlan>> = {
  long: {
    sizes: [
      { name: 'meeting of 16', ...MEETING, publishers: 16, spread: ONE_WORKER, maxRatio: 1.1 },
      { name: '5 speakers of 100', ...SPEAKERS, spread: ONE_WORKER, maxRatio: 1.1 },
      { name: 'webinar of 200', ...WEBINAR, spread: ONE_WORKER, maxRatio: 1.1 },
    ],
    pipedSizes: [
      { name: 'webinar of 200 on two workers', ...WEBINAR, spread: TWO_WORKERS, maxRatio: 1.2 },
      { name: 'webinar of 200 on two nodes', ...WEBINAR, spread: TWO_NODES, maxRatio: 1.2 },
      { name: 'meeting of 16 on two nodes', ...MEETING, publishers: 16, spread: TWO_NODES, maxRatio: 1.3 },
    ],
    ...{ rounds: 8, stretchMs: 2500, settleMs: 500 },
  },
  short: {
    sizes: [{ name: 'meeting of 3', ...MEETING, publishers: 3, spread: ONE_WORKER, maxRatio: 1.1 }],
    pipedSizes: [
      { name: 'meeting of 4 on two nodes', ...MEETING, publishers: 4, spread: TWO_NODES, maxRatio: 1.3 },
    ],
    ...{ rounds: 1, stretchMs: 1000, settleMs: 300 },
  },
};

/** Neighbours with the same spread, which share a cluster, in their order. */
export function groupBySpread(sizes: readonly ForwardSize[]): ForwardSize[][] {
  const groups: ForwardSize[][] = [];
  for (const size of sizes) {
    const group = groups.at(-1);
    if (group?.[0] && isSameSpread(group[0].spread, size.spread)) group.push(size);
    else groups.push([size]);
  }
  return groups;
}

/**
 * The packets that our side receives and sends, against those of one worker that does it all: a pipe sends each packet of a
 * track once more and receives it once more. Counts a receipt as much as a sending. 1 where nothing is piped.
 */
export function packetRatio({ spread, publishers, publish, viewers, mutual }: ForwardSize): number {
  const places = spread.nodes * spread.workersPerNode;
  const receivers = viewers + (mutual ? publishers - 1 : 0);
  if (publishers === 0 || publish.length === 0) return 1;
  const pipes = Math.min(places - 1, receivers);
  return (1 + receivers + 2 * pipes) / (1 + receivers);
}

function isSameSpread(one: Spread, other: Spread): boolean {
  return one.nodes === other.nodes && one.workersPerNode === other.workersPerNode;
}
