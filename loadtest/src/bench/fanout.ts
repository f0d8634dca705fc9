import { startCluster, type ClusterOptions, type LocalCluster } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readMachineTime, readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { percentilesOf } from '../measure/histogram.ts';
import { startPeerProcess } from '../peers/adapters/peer-child.ts';
import type { Bench, BenchContext, Json } from './bench.ts';
import { Flow, type FlowPlan, type Stretch } from './forward/flow.ts';
import { forwarded } from './forward/turns.ts';

interface Plan {
  readonly viewers: readonly number[];
  readonly nodes: readonly number[];
  readonly stretchMs: number;
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: { viewers: [50, 200, 500], nodes: [1, 3], stretchMs: 8000 },
  short: { viewers: [4], nodes: [1, 2], stretchMs: 1000 },
};

const PUBLISH = [{ source: 'microphone' }, { source: 'camera', layers: 1 }] as const;
const SETTLE_MS = 1500;
/** A tool whose event loop is later than this, or a machine that is busier, measures itself. */
const SLOW_LOOP_MS = 25;
const BUSY_MACHINE = 0.95;

/** One publisher and its audience: what a viewer more costs, on one node and over several. */
export const fanout: Bench = {
  name: 'fanout',
  what: 'One publisher to 50, 200 and 500 viewers on one node and over three: CPU per packet, latency, loss.',
  budgets: [],
  async run(context) {
    const { viewers, nodes } = PLANS[context.form];
    const rows: Json[] = [];
    for (const mediaNodes of nodes) {
      context.say(`starting a cluster with ${mediaNodes} media nodes`);
      await using cluster = await startCluster(clusterOf(mediaNodes));
      for (const count of viewers) rows.push(await measure(cluster, count, context));
    }
    return { rows, published: 'Opus, 50 packets/s, and VP8 160x90 in one layer' };
  },
};

/** Workers that are busy with hundreds of joins at once take more all the same. */
function clusterOf(mediaNodes: number): ClusterOptions {
  return {
    ...{ gateways: 1, mediaNodes, workersPerNode: 1, control: false },
    env: { SKEIN_NODE_MAX_WORKER_CPU: '1' },
  };
}

async function measure(cluster: LocalCluster, viewers: number, context: BenchContext): Promise<Json> {
  const { form, seed, signal } = context;
  const plan: FlowPlan = { name: `to ${viewers}`, publishers: 1, publish: PUBLISH, viewers, mutual: false };
  await using source = await startPeerProcess({ seed });
  await using one = await startPeerProcess({ seed: seed + 1 });
  await using other = await startPeerProcess({ seed: seed + 2 });
  using flow = new Flow(plan, systemClock, source, [one, other]);
  const nodes = cluster.mediaNodes.map(({ nodeId }) => nodeId);
  const url = cluster.gateways[0]?.address ?? '';
  const room = `fanout-${nodes.length}-${viewers}`;
  await flow.start({ url, room, publisherNode: nodes[0] ?? '', viewerNodes: nodes }, signal);
  await systemClock.sleep(SETTLE_MS, signal);
  const [cpuBefore, machineBefore] = [await cpuMsOf(cluster), await readMachineTime()];
  const stretch = await flow.measure(PLANS[form].stretchMs, signal);
  const [cpuAfter, machineAfter] = [await cpuMsOf(cluster), await readMachineTime()];
  const busyMs = (machineAfter?.busyMs ?? 0) - (machineBefore?.busyMs ?? 0);
  const idleMs = (machineAfter?.idleMs ?? 0) - (machineBefore?.idleMs ?? 0);
  const row = {
    ...{ viewers, nodes: nodes.length },
    ...rowOf(stretch, cpuAfter - cpuBefore, busyMs / Math.max(1, busyMs + idleMs)),
  };
  context.say(`${viewers} viewers on ${nodes.length} nodes: ${JSON.stringify(row)}`);
  return row;
}

function rowOf({ measures, tool, lastedMs }: Stretch, cpuMs: number, machineBusy: number) {
  const packets = forwarded(measures);
  const { p50, p99 } = percentilesOf(measures.latencyMs);
  const loop = percentilesOf(tool.loopDelayMs).p99;
  return {
    packetsPerSecond: Math.round((packets * 1000) / lastedMs),
    usPerPacket: hundredths((cpuMs * 1000) / Math.max(1, packets)),
    latencyMsP50: hundredths(p50),
    latencyMsP99: hundredths(p99),
    lossPercent: hundredths((measures.packetsLost * 100) / Math.max(1, packets)),
    toolCores: hundredths(tool.cpuMs / lastedMs),
    toolLoopDelayMsP99: hundredths(loop),
    machineBusy: hundredths(machineBusy),
    toolIsBottleneck: loop > SLOW_LOOP_MS || machineBusy > BUSY_MACHINE,
  };
}

/** Of all media nodes with their workers. */
async function cpuMsOf({ mediaNodes }: LocalCluster): Promise<number> {
  const pids = mediaNodes.flatMap(({ pid }) => pid ?? []);
  const usages = await readTreeUsages(pids);
  return pids.reduce((sum, pid) => sum + (usages.get(pid)?.cpuMs ?? 0), 0);
}

function hundredths(value: number): number {
  return Number(value.toFixed(2));
}
