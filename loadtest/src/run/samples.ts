import { cpuMsBetween, machineBusyBetween, type ProcessKind } from '../measure/cluster/cluster-sample.ts';
import { percentilesOf, type HistogramData } from '@skein/native-peer/measures';
import type { Brief, Sample } from '../report/document.ts';
import type { Interval } from './timeline.ts';

/** One stretch as it stands in the document. */
export function sampleOf(interval: Interval): Sample {
  const { report, before, after, fromMs, toMs } = interval;
  const { measures, state, tool } = report;
  return {
    ...{ fromMs: Math.round(fromMs), toMs: Math.round(toMs) },
    ...{ peers: state.peers, subscriptions: state.subscriptions, flowing: state.flowing },
    joins: measures.joins,
    joinsFailed: Object.values(measures.joinFailures).reduce((sum, count) => sum + count, 0),
    joinMs: briefOf(measures.joinMs),
    latencyMs: briefOf(measures.latencyMs),
    jitterMs: briefOf(measures.jitterMs),
    longestGapMs: rounded(measures.gapMs.max),
    packetsReceived: measures.packetsReceived,
    packetsLost: measures.packetsLost,
    bytesReceived: measures.bytesReceived,
    bytesSent: measures.bytesSent,
    cpu: cpuShares(interval),
    memoryBytes: Object.fromEntries(after.processes.map(({ name, residentBytes }) => [name, residentBytes])),
    machineBusy: share(machineBusyBetween(before, after)),
    tool: {
      busiestCpu: share(interval.busiestToolCpu) ?? 0,
      loopDelayMs: rounded(percentilesOf(tool.loopDelayMs).p99),
      ...{ sends: measures.packetsSent, lateSends: measures.lateSends },
    },
  };
}

/** Share of one core that each process used, by name. */
export function cpuShares({ before, after, fromMs, toMs }: Interval): Record<string, number> {
  const passedMs = after.atMs - before.atMs || toMs - fromMs;
  return Object.fromEntries(
    after.processes.map((one) => {
      const only = { ...after, processes: [one] };
      return [one.name, share(cpuMsBetween(before, only, one.kind satisfies ProcessKind) / passedMs) ?? 0];
    }),
  );
}

function briefOf(data: HistogramData): Brief {
  const { count, p50, p95, p99, max } = percentilesOf(data);
  return { count, p50: rounded(p50), p95: rounded(p95), p99: rounded(p99), max: rounded(max) };
}

/** To a hundredth, so that documents stay readable. */
export function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

function share(value: number | undefined): number | undefined {
  return value === undefined || !Number.isFinite(value) ? undefined : Math.round(value * 1000) / 1000;
}
