import type { Percentiles } from '@skein/native-peer/measures';
import type { Figures, LoadDocument, Sample } from '../report/document.ts';

const spread: Percentiles = { count: 10, mean: 3, p50: 2, p95: 5, p99: 9, max: 12 };
const brief = { count: 10, p50: 2, p95: 5, p99: 9, max: 12 };

const figures: Figures = {
  ...{ joinMs: spread, answerMs: spread, firstPacketMs: spread, firstKeyFrameMs: spread },
  ...{ latencyMs: spread, jitterMs: spread, longestGapMs: spread },
  ...{ joinsPlanned: 4, joinsAnswered: 4, joinsFailed: 0, peersMost: 4, peersLost: 0, peersMoved: 0 },
  ...{
    subscriptionsMost: 8,
    silentSubscriptions: 0,
    packetsSent: 900,
    packetsReceived: 1800,
    packetsLost: 0,
  },
  ...{ packetsDuplicate: 0, loss: 0, bytesSent: 9000, bytesReceived: 18_000, framesReceived: 90 },
  ...{ keyFramesReceived: 8, keyFramesAsked: 2, packetsPerSecond: 600, receivedBps: 48_000, sentBps: 24_000 },
  ...{ layers: { 2: 8 }, cpuUsPerPacket: 30, pipes: 1, judges: [] },
  processes: [{ name: 'media-node-1', cpu: 0.1, cpuMost: 0.2, memoryBytes: 1e8 }],
};

function sample(second: number): Sample {
  return {
    ...{ fromMs: second * 1000, toMs: (second + 1) * 1000, peers: 4, subscriptions: 8, flowing: 8, joins: 1 },
    ...{ joinsFailed: 0, joinMs: brief, latencyMs: brief, jitterMs: brief, longestGapMs: 20 },
    ...{ packetsReceived: 600, packetsLost: 0, bytesReceived: 6000, bytesSent: 3000 },
    ...{ cpu: { 'media-node-1': 0.1 }, memoryBytes: { 'media-node-1': 1e8 }, machineBusy: 0.4 },
    tool: { busiestCpu: 0.2, loopDelayMs: 3, sends: 300, lateSends: 0 },
  };
}

/** For tests: a small run that passed. */
export function testDocument(): LoadDocument {
  return {
    schemaVersion: 1,
    scenario: { name: 'small', about: 'for tests', seed: 1, durationMs: 3000 },
    target: { kind: 'own', mediaNodes: 1, gateways: 1, workersPerNode: 1 },
    machine: { cores: 2, cpu: 'some', memoryBytes: 2 ** 34, system: 'some' },
    ...{ startedAtMs: 1_700_000_000_000, ranMs: 3000, fullFromMs: 0, ended: 'finished', ok: true },
    ...{ problems: [], bottlenecks: [], failures: [], troubles: [], figures },
    verdicts: [{ figure: 'loss', limit: 0, measured: 0, outcome: 'met' }],
    events: [{ atMs: 1000, kind: 'fault', text: 'kill media-node-1' }],
    samples: [sample(0), sample(1), sample(2)],
  };
}
