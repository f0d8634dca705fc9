import {
  EMPTY_HISTOGRAM,
  emptyMeasures,
  Histogram,
  type HistogramData,
  type PeerMeasures,
  type PeerReport,
  type PeerState,
} from '@skein/native-peer/measures';
import type { ClusterSample } from '../measure/cluster/cluster-sample.ts';

/** For tests: a report in which little else stands than what is given. */
export function testReport(measures: Partial<PeerMeasures> = {}, state: Partial<PeerState> = {}): PeerReport {
  return {
    atMs: 0,
    measures: { ...emptyMeasures(), ...measures },
    state: { peers: 0, publishing: 0, subscriptions: 0, flowing: 0, layers: {}, ...state },
    tool: { cpuMs: 100, intervalMs: 1000, loopDelayMs: EMPTY_HISTOGRAM, rssBytes: 1 },
  };
}

export function testHistogram(...values: readonly number[]): HistogramData {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram.data();
}

/** For tests: a cluster of one node that has used so much, at a time. */
export function testCluster(atMs: number, cpuMs: number, more: Partial<ClusterSample> = {}): ClusterSample {
  const node = {
    name: 'media-node-1',
    kind: 'media-node',
    cpuMs,
    residentBytes: 1000,
    processes: 2,
  } as const;
  return { atMs, processes: [node], ...more };
}
