import { startCluster, type ClusterOptions, type LocalCluster } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readChildren, readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { startPeerProcess } from '@skein/native-peer';
import type { Bench, BenchContext, Json } from './bench.ts';
import { sharesOf } from './fan-out/figures.ts';
import { BareWorker } from './forward/adapters/bare-worker.ts';
import { Flow, subscriptionsOf } from './forward/flow.ts';
import {
  FORWARD_PLANS,
  groupBySpread,
  packetRatio,
  type ForwardPlan,
  type ForwardSize,
  type Spread,
} from './forward/sizes.ts';
import {
  compareTurns,
  leastCleanRounds,
  MOST_LOSS,
  toolCores,
  type Comparison,
  type Turn,
} from './forward/turns.ts';

/** One of the two that are compared: where its peers join, and what is counted as its cost. */
interface Side {
  readonly url: string;
  /** CPU time so far. */
  cpuMs(): Promise<number>;
}

interface OurSide extends Side {
  readonly nodeIds: readonly string[];
  /** CPU time so far of each worker, node by node. */
  workersMs(): Promise<readonly number[]>;
}

const LONG = FORWARD_PLANS.long;
/** Fewer, and the ratio says something of the machine. */
const LEAST_CLEAN_ROUNDS = leastCleanRounds(LONG.rounds);
/** A place with less than this share of the CPU carries little of the room, and the figure says little of pipes. */
const LEAST_WORKER_SHARE = 0.25;

/** What a packet costs our media nodes, against a mediasoup worker with nothing of ours around it. */
export const forward: Bench = {
  name: 'forward',
  what: 'CPU per forwarded packet: media nodes with all their processes against one bare mediasoup worker.',
  budgets: [
    ...LONG.sizes.map(({ maxRatio }, index) => ({
      ...{ figure: `sizes.${index}.ratioToBareWorker`, max: maxRatio },
    })),
    ...LONG.pipedSizes.map(({ maxRatio }, index) => ({
      ...{ figure: `pipedSizes.${index}.ratioToBareWorker`, max: maxRatio },
    })),
    { figure: 'sizes.*.cleanRounds', min: LEAST_CLEAN_ROUNDS },
    { figure: 'pipedSizes.*.cleanRounds', min: LEAST_CLEAN_ROUNDS },
    { figure: 'pipedSizes.*.leastWorkerShare', min: LEAST_WORKER_SHARE },
  ],
  async run(context) {
    const { sizes, pipedSizes } = FORWARD_PLANS[context.form];
    return {
      sizes: await compareAll(sizes, context),
      pipedSizes: await compareAll(pipedSizes, context),
      counted:
        'ours: media node processes and their workers; bare: one worker process alone. Packets: those that the peers received.',
    };
  },
};

async function compareAll(sizes: readonly ForwardSize[], context: BenchContext): Promise<Json[]> {
  const results: Json[] = [];
  for (const group of groupBySpread(sizes)) {
    const [first] = group;
    if (!first) continue;
    const { nodes, workersPerNode } = first.spread;
    context.say(
      `starting a cluster, ${nodes} media node(s) with ${workersPerNode} worker(s) each, and a bare worker`,
    );
    await using cluster = await startCluster(clusterOf(first.spread));
    await using bare = await BareWorker.start();
    const baseline: Side = { url: bare.url, cpuMs: () => cpuOf([bare.workerPid]) };
    const ours = ourSide(cluster);
    for (const size of group) results.push(await compare(size, ours, baseline, context));
  }
  return results;
}

/** Workers that are busy with many joins at once take more all the same: there are no others. */
function clusterOf({ nodes: mediaNodes, workersPerNode }: Spread): ClusterOptions {
  return {
    ...{ gateways: 1, mediaNodes, workersPerNode, controls: 0 },
    env: { SKEIN_NODE_MAX_WORKER_CPU: '1' },
  };
}

function ourSide({ gateways, mediaNodes }: LocalCluster): OurSide {
  const pids = mediaNodes.flatMap(({ pid }) => pid ?? []);
  return {
    url: gateways[0]?.address ?? '',
    nodeIds: mediaNodes.map(({ nodeId }) => nodeId),
    cpuMs: () => cpuOf(pids),
    workersMs: async () => {
      const workers = (await Promise.all(pids.map(readChildren))).flat();
      const usages = await readTreeUsages(workers);
      return workers.map((pid) => usages.get(pid)?.cpuMs ?? 0);
    },
  };
}

async function compare(
  size: ForwardSize,
  ours: OurSide,
  baseline: Side,
  context: BenchContext,
): Promise<Json> {
  const plan = FORWARD_PLANS[context.form];
  const { rounds } = plan;
  await using left = await startPeerProcess({ seed: context.seed });
  await using right = await startPeerProcess({ seed: context.seed });
  await using leftSources = size.viewers > 0 ? await startPeerProcess({ seed: context.seed }) : left;
  await using rightSources = size.viewers > 0 ? await startPeerProcess({ seed: context.seed }) : right;
  using ourFlow = new Flow(size, systemClock, leftSources, [left]);
  using bareFlow = new Flow(size, systemClock, rightSources, [right]);
  const room = size.name;
  const { nodeIds } = ours;
  await ourFlow.start({ url: ours.url, room, publisherNodes: nodeIds, viewerNodes: nodeIds }, context.signal);
  await ourFlow.hold(true);
  await bareFlow.start({ url: baseline.url, room }, context.signal);
  await bareFlow.hold(true);
  const restMsPerSecond = await restOf(ours, plan, context.signal);
  const ourTurns: Turn[] = [];
  const bareTurns: Turn[] = [];
  const workersBefore = await ours.workersMs();
  for (let round = 0; round < rounds; round++) {
    const bareTurn = async (): Promise<unknown> =>
      bareTurns.push(await takeTurn(bareFlow, baseline, plan, context.signal));
    const ourTurn = async (): Promise<unknown> =>
      ourTurns.push(await takeTurn(ourFlow, ours, plan, context.signal));
    // Who comes first changes, so that a machine that becomes slower or faster meanwhile does not count.
    for (const take of round % 2 === 0 ? [bareTurn, ourTurn] : [ourTurn, bareTurn]) await take();
  }
  const workersAfter = await ours.workersMs();
  const workerShares = sharesOf(workersAfter.map((ms, index) => ms - (workersBefore[index] ?? 0)));
  return {
    ...resultOf(size, ourTurns, bareTurns, context),
    ...{ restMsPerSecond, workerShares, leastWorkerShare: Math.min(...workerShares) },
  };
}

/** CPU of a node whose sessions send nothing: what small flows cost beside their packets. */
async function restOf(
  side: Side,
  { settleMs, stretchMs }: ForwardPlan,
  signal: AbortSignal,
): Promise<number> {
  await systemClock.sleep(settleMs, signal);
  const before = await side.cpuMs();
  await systemClock.sleep(stretchMs, signal);
  return round(((await side.cpuMs()) - before) / (stretchMs / 1000), 1);
}

async function takeTurn(
  flow: Flow,
  side: Side,
  { settleMs, stretchMs }: ForwardPlan,
  signal: AbortSignal,
): Promise<Turn> {
  await flow.hold(false);
  await systemClock.sleep(settleMs, signal);
  const before = await side.cpuMs();
  const stretch = await flow.measure(stretchMs, signal);
  const cpuMs = (await side.cpuMs()) - before;
  await flow.hold(true);
  return { cpuMs, ...stretch };
}

function resultOf(
  size: ForwardSize,
  ourTurns: readonly Turn[],
  bareTurns: readonly Turn[],
  context: BenchContext,
): Readonly<Record<string, Json>> {
  const compared = compareTurns(ourTurns, bareTurns);
  const { ours, bare, rounds, cleanRounds, machineWasLimit, lossyTurns } = compared;
  tellLoss(size.name, compared, context);
  const result = {
    ...{ name: size.name, subscribers: size.viewers + (size.mutual ? size.publishers : 0) },
    subscriptions: subscriptionsOf(size),
    packetsPerSecond: Math.round(ours.packetsPerSecond),
    usPerPacket: round(ours.usPerPacket),
    bareUsPerPacket: round(bare.usPerPacket),
    ratioToBareWorker: round(compared.ratio, 3),
    packetRatio: round(packetRatio(size), 3),
    roundRatios: { p25: round(compared.roundRatios.p25, 3), p75: round(compared.roundRatios.p75, 3) },
    ...{ rounds, cleanRounds, machineWasLimit },
    packetsLost: ours.packetsLost + bare.packetsLost,
    lossRatio: round(ours.lossRatio, 5),
    bareLossRatio: round(bare.lossRatio, 5),
    lossyTurns: lossyTurns.map((turn) => ({ ...turn, lossRatio: round(turn.lossRatio, 5) })),
    toolCores: round(toolCores(ourTurns)),
  };
  context.say(
    `${size.name}: ${result.usPerPacket} us per packet, bare ${result.bareUsPerPacket} us, ratio ${result.ratioToBareWorker}`,
  );
  return result;
}

function tellLoss(name: string, compared: Comparison, { say }: BenchContext): void {
  const { lossyTurns, rounds, cleanRounds, machineWasLimit } = compared;
  for (const { round: number, side, lossRatio } of lossyTurns) {
    say(`${name}: round ${number}, ${side}: ${round(lossRatio * 100)} % of the packets were lost`);
  }
  if (machineWasLimit) {
    say(
      `${name}: the machine was the limit: ${cleanRounds} of ${rounds} rounds lost at most ${MOST_LOSS * 100} %, and ` +
        `${leastCleanRounds(rounds)} are needed. Its figures say little about what a packet costs`,
    );
  }
}

/** Of these processes with those that they started. */
async function cpuOf(pids: readonly number[]): Promise<number> {
  const usages = await readTreeUsages(pids);
  return pids.reduce((sum, pid) => sum + (usages.get(pid)?.cpuMs ?? 0), 0);
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
