import { startCluster, type ClusterOptions, type LocalCluster } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { percentilesOf, type Percentiles } from '@skein/native-peer/measures';
import { startPeerProcess } from '@skein/native-peer';
import type { Bench, BenchContext } from './bench.ts';
import { Flow, type FlowPlan, type Stretch } from './forward/flow.ts';
import { delivered } from './forward/turns.ts';

interface Plan {
  readonly publishers: number;
  readonly stretchMs: number;
  readonly settleMs: number;
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: { publishers: 20, stretchMs: 12_000, settleMs: 2000 },
  short: { publishers: 2, stretchMs: 1500, settleMs: 300 },
};

const PUBLISH = [{ source: 'microphone' }, { source: 'camera', layers: 1, onlyLayer: 2 }] as const;
const CLUSTER: ClusterOptions = { gateways: 1, mediaNodes: 2, workersPerNode: 1, controls: 0 };
const ROOM = 'pipe';

/**
 * What one hop between media nodes adds. One viewer sits on the publishers' node and one on another node; both receive
 * the same packets at the same time, so that the difference between them is the pipe's.
 */
export const pipe: Bench = {
  name: 'pipe',
  what: 'One-way latency and CPU that a pipe between two media nodes adds to a packet.',
  budgets: [{ figure: 'addedLatencyMs.p50', max: 2 }],
  async run(context) {
    const { publishers, stretchMs, settleMs } = PLANS[context.form];
    const { seed, signal } = context;
    context.say('starting a cluster of two media nodes');
    await using cluster = await startCluster(CLUSTER);
    await using sources = await startPeerProcess({ seed });
    await using near = await startPeerProcess({ seed: seed + 1 });
    await using far = await startPeerProcess({ seed: seed + 2 });
    const [here = '', there = ''] = cluster.mediaNodes.map(({ nodeId }) => nodeId);
    const url = cluster.gateways[0]?.address ?? '';
    const tracks = publishers * PUBLISH.length;
    const nearPlan: FlowPlan = { name: 'near', publishers, publish: PUBLISH, viewers: 1, mutual: false };
    const farPlan: FlowPlan = {
      ...{ name: 'far', publishers: 0, publish: [], viewers: 1, mutual: false, tracksThere: tracks },
    };
    using nearFlow = new Flow(nearPlan, systemClock, sources, [near]);
    using farFlow = new Flow(farPlan, systemClock, far, [far]);
    await nearFlow.start({ url, room: ROOM, publisherNodes: [here], viewerNodes: [here] }, signal);
    await systemClock.sleep(settleMs, signal);
    const alone = await costOf(cluster, () => nearFlow.measure(stretchMs, signal));
    context.say(`on one node: ${JSON.stringify(latencyOf(alone.stretch))} ms`);
    await farFlow.start({ url, room: ROOM, viewerNodes: [there] }, signal);
    await systemClock.sleep(settleMs, signal);
    let beside: Stretch | undefined;
    const both = await costOf(cluster, async () => {
      const [nearStretch, farStretch] = await Promise.all([
        nearFlow.measure(stretchMs, signal),
        farFlow.measure(stretchMs, signal),
      ]);
      beside = nearStretch;
      return farStretch;
    });
    return figures(alone, both, beside ?? alone.stretch);
  },
};

interface Cost {
  readonly stretch: Stretch;
  /** Of both media nodes with their workers. */
  readonly cpuMs: number;
}

async function costOf({ mediaNodes }: LocalCluster, measure: () => Promise<Stretch>): Promise<Cost> {
  const cpuMs = async (): Promise<number> => {
    const pids = mediaNodes.flatMap(({ pid }) => pid ?? []);
    const usages = await readTreeUsages(pids);
    return pids.reduce((sum, pid) => sum + (usages.get(pid)?.cpuMs ?? 0), 0);
  };
  const before = await cpuMs();
  const stretch = await measure();
  return { stretch, cpuMs: (await cpuMs()) - before };
}

/** `alone`: with the near viewer only. `both`: the far viewer's stretch, and `near` what the near one saw meanwhile. */
function figures(alone: Cost, both: Cost, near: Stretch) {
  const here = latencyOf(near);
  const there = latencyOf(both.stretch);
  const piped = delivered(both.stretch.measures);
  return {
    addedLatencyMs: {
      p50: hundredths(there.p50 - here.p50),
      p95: hundredths(there.p95 - here.p95),
      p99: hundredths(there.p99 - here.p99),
    },
    oneNodeLatencyMs: here,
    twoNodesLatencyMs: there,
    packetsPerSecond: Math.round((piped * 1000) / both.stretch.lastedMs),
    // OutgoingStreams into the pipe, receiving from it, and forwarding to the one viewer behind it.
    usPerPipedPacket: hundredths(((both.cpuMs - alone.cpuMs) * 1000) / Math.max(1, piped)),
    usPerPacketOnOneNode: hundredths((alone.cpuMs * 1000) / Math.max(1, delivered(alone.stretch.measures))),
    packetsLost: both.stretch.measures.packetsLost + near.measures.packetsLost,
    lateSends: near.measures.lateSends,
  };
}

function latencyOf({ measures }: Stretch): Pick<Percentiles, 'p50' | 'p95' | 'p99'> {
  const { p50, p95, p99 } = percentilesOf(measures.latencyMs);
  return { p50: hundredths(p50), p95: hundredths(p95), p99: hundredths(p99) };
}

function hundredths(value: number): number {
  return Number(value.toFixed(2));
}
