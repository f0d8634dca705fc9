import { startCluster, type ClusterOptions, type LocalCluster } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readChildren, readMachineTime, readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { percentilesOf } from '@skein/native-peer/measures';
import { type PeerProcess, startPeerProcess } from '@skein/native-peer';
import type { Bench, BenchContext } from './bench.ts';
import { busiestToMean, costGrowths, sharesOf } from './fan-out/figures.ts';
import { Flow, type FlowPlan, type Stretch } from './forward/flow.ts';
import { delivered, lossOf } from './forward/turns.ts';
import { hundredths } from '../measure/statistics.ts';

/** What one room's audience is spread over. */
interface Shape {
  readonly nodes: number;
  readonly workersPerNode: number;
}

interface Plan {
  readonly viewers: readonly number[];
  readonly shapes: readonly Shape[];
  readonly stretchMs: number;
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: {
    viewers: [50, 200, 500],
    shapes: [
      { nodes: 1, workersPerNode: 1 },
      { nodes: 1, workersPerNode: 2 },
      { nodes: 3, workersPerNode: 1 },
    ],
    stretchMs: 5000,
  },
  short: { viewers: [4], shapes: [{ nodes: 2, workersPerNode: 1 }], stretchMs: 1000 },
};

const PUBLISH = [{ source: 'microphone' }] as const;
/** libdatachannel looks at all sockets of a process for each packet: beyond this number that cost dominates the measurement. */
const VIEWERS_PER_PROCESS = 125;
/** Viewers take in each other's coming, and packets wait meanwhile: it is measured when they don't, or after so long. */
const CALM_LATENCY_MS = 20;
const CALM_DEADLINE_MS = 15_000;
const SETTLE_MS = 1500;
/** A tool whose event loop is later than this, or a machine that is busier, measures itself. */
const SLOW_LOOP_MS = 25;
const BUSY_MACHINE = 0.95;

/**
 * One publisher and its audience: what a viewer more costs, on one worker, on two of a node, and over several nodes, and
 * how even the workers are. The baseline is the smallest audience of the same cluster.
 */
export const fanout: Bench = {
  name: 'fanout',
  what: 'One publisher to 50, 200 and 500 viewers, on one worker, two, and three nodes: CPU per packet and worker.',
  budgets: [],
  async run(context) {
    const { viewers, shapes } = PLANS[context.form];
    const measured: Row[] = [];
    const failures: { viewers: number; nodes: number; workersPerNode: number; why: string }[] = [];
    for (const shape of shapes) {
      context.say(`starting a cluster of ${shape.nodes} nodes with ${shape.workersPerNode} workers each`);
      await using cluster = await startCluster(clusterOf(shape));
      for (const count of viewers) {
        try {
          measured.push(await measure(cluster, shape, count, context));
        } catch (error) {
          // A machine that is too small for it has measured the smaller ones.
          context.signal.throwIfAborted();
          const why = error instanceof Error ? error.message : String(error);
          context.say(why);
          failures.push({ viewers: count, ...shape, why });
        }
      }
    }
    if (measured.length === 0) throw new Error(failures[0]?.why ?? 'nothing was measured');
    const rows = measured.map((row) => ({ ...row }));
    const costGrowth = costGrowths(measured).map((growth) => ({ ...growth }));
    return { rows, costGrowth, failures, published: 'Opus, 50 packets/s' };
  },
};

type Row = Awaited<ReturnType<typeof measure>>;

/** Workers that are busy with hundreds of joins at once take more all the same. */
function clusterOf({ nodes: mediaNodes, workersPerNode }: Shape): ClusterOptions {
  return {
    ...{ gateways: 1, mediaNodes, workersPerNode, controls: 0 },
    env: { SKEIN_NODE_MAX_WORKER_CPU: '1' },
  };
}

async function measure(cluster: LocalCluster, shape: Shape, viewers: number, context: BenchContext) {
  const seeds = Array.from(
    { length: 1 + Math.ceil(viewers / VIEWERS_PER_PROCESS) },
    (_, n) => context.seed + n,
  );
  const started = await Promise.allSettled(seeds.map((seed) => startPeerProcess({ seed })));
  const processes = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const one of started) if (one.status === 'rejected') throw one.reason;
    const row = { viewers, ...shape, ...(await measureWith(processes, cluster, viewers, context)) };
    context.say(JSON.stringify(row));
    return row;
  } finally {
    await Promise.all(processes.map((process) => process[Symbol.asyncDispose]()));
  }
}

async function measureWith(
  processes: readonly PeerProcess[],
  cluster: LocalCluster,
  viewers: number,
  { form, signal }: BenchContext,
) {
  const [source, ...audience] = processes;
  if (!source) throw new Error('no process for the publisher');
  const plan: FlowPlan = {
    ...{ name: `to ${viewers}`, publishers: 1, publish: PUBLISH, viewers },
    ...{ mutual: false, quietJoins: true },
  };
  using flow = new Flow(plan, systemClock, source, audience);
  const nodes = cluster.mediaNodes.map(({ nodeId }) => nodeId);
  const url = cluster.gateways[0]?.address ?? '';
  const room = `fanout-${nodes.length}-${viewers}`;
  await flow.start({ url, room, publisherNodes: nodes.slice(0, 1), viewerNodes: nodes }, signal);
  await untilCalm(flow, signal);
  const [cpuBefore, machineBefore] = [await readCpu(cluster), await readMachineTime()];
  const stretch = await flow.measure(PLANS[form].stretchMs, signal);
  const [cpuAfter, machineAfter] = [await readCpu(cluster), await readMachineTime()];
  const busyMs = (machineAfter?.busyMs ?? 0) - (machineBefore?.busyMs ?? 0);
  const idleMs = (machineAfter?.idleMs ?? 0) - (machineBefore?.idleMs ?? 0);
  const workersMs = cpuAfter.workersMs.map((ms, index) => ms - (cpuBefore.workersMs[index] ?? 0));
  return {
    ...costOf(stretch, cpuAfter.allMs - cpuBefore.allMs),
    workerShares: sharesOf(workersMs),
    busiestWorkerToMean: busiestToMean(workersMs),
    ...toolOf(stretch, busyMs / Math.max(1, busyMs + idleMs)),
  };
}

async function untilCalm(flow: Flow, signal: AbortSignal): Promise<void> {
  const endMs = systemClock.monotonicMs() + CALM_DEADLINE_MS;
  while (systemClock.monotonicMs() < endMs) {
    const { measures } = await flow.measure(SETTLE_MS, signal);
    if (percentilesOf(measures.latencyMs).p50 < CALM_LATENCY_MS) return;
  }
}

function costOf({ measures, lastedMs }: Stretch, cpuMs: number) {
  const packets = delivered(measures);
  const { p50, p99 } = percentilesOf(measures.latencyMs);
  return {
    packetsPerSecond: Math.round((packets * 1000) / lastedMs),
    usPerPacket: hundredths((cpuMs * 1000) / Math.max(1, packets)),
    latencyMsP50: hundredths(p50),
    latencyMsP99: hundredths(p99),
    lossPercent: hundredths(lossOf({ measures }) * 100),
  };
}

function toolOf({ tool, lastedMs }: Stretch, machineBusy: number) {
  const loop = percentilesOf(tool.loopDelayMs).p99;
  return {
    toolCores: hundredths(tool.cpuMs / lastedMs),
    toolLoopDelayMsP99: hundredths(loop),
    machineBusy: hundredths(machineBusy),
    toolIsBottleneck: loop > SLOW_LOOP_MS || machineBusy > BUSY_MACHINE,
  };
}

/** Of all media nodes with their workers, and of each worker, node by node. */
async function readCpu({ mediaNodes }: LocalCluster) {
  const nodes = mediaNodes.flatMap(({ pid }) => pid ?? []);
  const workers = (await Promise.all(nodes.map(readChildren))).flat();
  const usages = await readTreeUsages([...nodes, ...workers]);
  const cpuMsOf = (pid: number): number => usages.get(pid)?.cpuMs ?? 0;
  return { allMs: nodes.reduce((sum, pid) => sum + cpuMsOf(pid), 0), workersMs: workers.map(cpuMsOf) };
}
