import { cpuMsBetween, residentBytes, type ClusterSample } from '../measure/cluster/cluster-sample.ts';
import { type PeerMeasures, type Percentiles, percentilesOf } from '@skein/native-peer/measures';
import type { Figures, JudgeFigures, ProcessFigures } from '../report/document.ts';
import { cpuShares, rounded } from './samples.ts';
import { joinIntervals, type Interval } from './timeline.ts';

export interface FigureInput {
  /** At least one. */
  readonly intervals: readonly Interval[];
  readonly fullFromMs: number;
  /** The cluster before anyone came, some time apart, so that what it does at rest is known; absent: not measured. */
  readonly rest?: { readonly from: ClusterSample; readonly to: ClusterSample } | undefined;
  readonly joinsPlanned: number;
  readonly joinsAnswered: number;
  readonly joinsFailed: number;
  readonly peersLost: number;
  readonly peersMoved: number;
  readonly judges: readonly JudgeFigures[];
}

/** Joins are still settling this long after the last one. */
const SETTLING_MS = 1000;
/** Of the last stretches, the one with the fewest silent subscriptions counts: what has just been asked for is not silent. */
const LAST_STRETCHES = 3;

/** Sums up a run. */
export function figuresOf(parts: FigureInput): Figures {
  const { intervals, joinsPlanned, joinsAnswered, joinsFailed, peersLost, peersMoved, judges } = parts;
  const all = joinIntervals(intervals);
  const full = joinIntervals(underFullLoad(intervals, parts.fullFromMs));
  const { measures } = all.report;
  const fullSeconds = Math.max(0.001, (full.toMs - full.fromMs) / 1000);
  const most = (pick: (interval: Interval) => number): number => Math.max(...intervals.map(pick));
  return {
    ...distributionsOf(measures),
    ...{ joinsPlanned, joinsAnswered, joinsFailed, peersLost, peersMoved },
    peersMost: most(({ report }) => report.state.peers),
    subscriptionsMost: most(({ report }) => report.state.subscriptions),
    silentSubscriptions: silentAtEnd(intervals),
    ...packetsOf(measures),
    packetsPerSecond: Math.round(full.report.measures.packetsReceived / fullSeconds),
    receivedBps: Math.round((full.report.measures.bytesReceived * 8) / fullSeconds),
    sentBps: Math.round((full.report.measures.bytesSent * 8) / fullSeconds),
    layers: intervals.at(-1)?.report.state.layers ?? {},
    processes: processesOf(underFullLoad(intervals, parts.fullFromMs)),
    udpDrops: udpDropsIn(all),
    ...costsOf(all, full, parts),
    judges,
    ...(judges.length > 0 && { judgeFreezes: judges.reduce((sum, { freezes }) => sum + freezes, 0) }),
  };
}

/** The stretches in which everybody was there; all, when the run was too short for that. */
export function underFullLoad(intervals: readonly Interval[], fullFromMs: number): readonly Interval[] {
  const full = intervals.filter(({ fromMs }) => fromMs >= fullFromMs + SETTLING_MS);
  return full.length > 0 ? full : intervals;
}

function distributionsOf(measures: PeerMeasures) {
  const { joinMs, answerMs, firstPacketMs, firstKeyFrameMs, latencyMs, jitterMs, gapMs } = measures;
  const named = {
    joinMs,
    answerMs,
    firstPacketMs,
    firstKeyFrameMs,
    latencyMs,
    jitterMs,
    longestGapMs: gapMs,
  };
  return Object.fromEntries(
    Object.entries(named).map(([name, data]) => [name, roundedPercentiles(percentilesOf(data))]),
  ) as Record<keyof typeof named, Percentiles>;
}

function roundedPercentiles({ count, mean, p50, p95, p99, max }: Percentiles): Percentiles {
  const values = { mean: rounded(mean), p50: rounded(p50), p95: rounded(p95) };
  return { count, ...values, p99: rounded(p99), max: rounded(max) };
}

function packetsOf(measures: PeerMeasures) {
  const { packetsSent, packetsReceived, packetsDuplicate, bytesSent, bytesReceived } = measures;
  const { framesReceived, keyFramesReceived, keyFramesAsked } = measures;
  // A late packet is taken back in the next report; over a whole run nothing is left to take back.
  const packetsLost = Math.max(0, measures.packetsLost);
  return {
    ...{ packetsSent, packetsReceived, packetsLost, packetsDuplicate, bytesSent, bytesReceived },
    ...{ framesReceived, keyFramesReceived, keyFramesAsked },
    loss: packetsLost === 0 ? 0 : packetsLost / (packetsReceived + packetsLost),
  };
}

function silentAtEnd(intervals: readonly Interval[]): number {
  const last = intervals.slice(-LAST_STRETCHES);
  return Math.min(...last.map(({ report: { state } }) => Math.max(0, state.subscriptions - state.flowing)));
}

function processesOf(intervals: readonly Interval[]): ProcessFigures[] {
  const mean = cpuShares(joinIntervals(intervals));
  const kinds = ['media-node', 'gateway', 'control', 'redis', 'nats'];
  const last = [...(intervals.at(-1)?.after.processes ?? [])].sort(
    (one, other) => kinds.indexOf(one.kind) - kinds.indexOf(other.kind),
  );
  return last.map(({ name, residentBytes: memoryBytes }) => ({
    ...{ name, cpu: mean[name] ?? 0, memoryBytes },
    cpuMost: Math.max(...intervals.map((interval) => cpuShares(interval)[name] ?? 0)),
  }));
}

function udpDropsIn({ before, after }: Interval): number | undefined {
  if (before.udpDrops === undefined || after.udpDrops === undefined) return undefined;
  return Math.max(0, after.udpDrops - before.udpDrops);
}

/** What the cluster paid. Only of the tool's own cluster. */
function costsOf(all: Interval, full: Interval, parts: FigureInput): Partial<Figures> {
  const { rest, joinsAnswered, intervals, fullFromMs } = parts;
  const stretches = underFullLoad(intervals, fullFromMs);
  const counts = all.after.counts;
  const pipes = counts && {
    ...{ pipes: counts.pipes, workerPipes: counts.workerPipes, pipedBytes: counts.pipedBytes },
  };
  if (!rest) return { ...pipes };
  const { packetsReceived } = full.report.measures;
  const cpuMs = cpuMsBetween(full.before, full.after, 'media-node');
  const measured = full.after.processes.some(({ kind }) => kind === 'media-node');
  const peers = full.report.state.peers;
  const grown = (kind: 'media-node' | 'gateway'): number | undefined => {
    if (peers === 0) return undefined;
    const meanBytes =
      stretches.reduce((sum, { after }) => sum + residentBytes(after, kind), 0) / stretches.length;
    const bytes = Math.round((meanBytes - residentBytes(rest.to, kind)) / peers);
    // With few peers, what a process has let go of since its start is more than what they need.
    return bytes > 0 ? bytes : undefined;
  };
  const perJoin = (count: (sample: ClusterSample) => number | undefined): number | undefined =>
    beyondRest(count, rest, all, joinsAnswered);
  return {
    ...pipes,
    ...(measured && packetsReceived > 0 && { cpuUsPerPacket: rounded((cpuMs * 1000) / packetsReceived) }),
    nodeBytesPerParticipant: grown('media-node'),
    gatewayBytesPerConnection: grown('gateway'),
    redisCommandsPerJoin: perJoin(({ redis }) => redis?.all),
    redisScriptsPerJoin: perJoin(({ redis }) => redis?.scripts),
    natsMessagesPerJoin: perJoin(({ nats }) => nats?.received),
  };
}

/** How much a counter rose for each join, beyond what it would have risen at rest. */
function beyondRest(
  count: (sample: ClusterSample) => number | undefined,
  rest: { readonly from: ClusterSample; readonly to: ClusterSample },
  all: Interval,
  joins: number,
): number | undefined {
  const [restFrom, restTo] = [count(rest.from), count(rest.to)];
  const [from, to] = [count(all.before), count(all.after)];
  const restMs = rest.to.atMs - rest.from.atMs;
  if (restFrom === undefined || restTo === undefined || from === undefined || to === undefined)
    return undefined;
  // A store that was started again counts from 0.
  if (joins === 0 || restMs <= 0 || to < from) return undefined;
  const perMs = (restTo - restFrom) / restMs;
  return Math.max(0, rounded((to - from - perMs * (all.after.atMs - all.before.atMs)) / joins));
}
