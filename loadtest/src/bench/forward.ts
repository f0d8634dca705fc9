import { startCluster, type ClusterOptions } from '@skein/local-cluster';
import { systemClock } from '@skein/runtime';
import { readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { startPeerProcess } from '../peers/adapters/peer-child.ts';
import type { Bench, BenchContext, Json } from './bench.ts';
import { BareWorker } from './forward/adapters/bare-worker.ts';
import { Flow, subscriptionsOf, type FlowPlan } from './forward/flow.ts';
import { FORWARD_PLANS, type ForwardPlan } from './forward/sizes.ts';
import {
  compareTurns,
  leastCleanRounds,
  MOST_LOSS,
  toolCores,
  type Comparison,
  type Turn,
} from './forward/turns.ts';

/** A worker that is busy with many joins at once takes more all the same: there is no other one. */
const CLUSTER: ClusterOptions = {
  ...{ gateways: 1, mediaNodes: 1, workersPerNode: 1, controls: 0 },
  env: { SKEIN_NODE_MAX_WORKER_CPU: '1' },
};

/** One of the two that are compared: where its peers join, and what is counted as its cost. */
interface Side {
  readonly url: string;
  /** CPU time so far. */
  cpuMs(): Promise<number>;
}

/** What a packet costs our media node, against a mediasoup worker with nothing of ours around it. */
export const forward: Bench = {
  name: 'forward',
  what: 'CPU per forwarded packet: a media node with all its processes against a bare mediasoup worker.',
  budgets: [
    { figure: 'sizes.*.ratioToBareWorker', max: 1.1 },
    // Fewer, and the ratio says something of the machine.
    { figure: 'sizes.*.cleanRounds', min: leastCleanRounds(FORWARD_PLANS.long.rounds) },
  ],
  async run(context) {
    const plan = FORWARD_PLANS[context.form];
    context.say('starting a cluster of one media node with one worker, and a bare worker');
    await using cluster = await startCluster(CLUSTER);
    await using bare = await BareWorker.start();
    const nodePid = cluster.mediaNodes[0]?.pid ?? 0;
    const ours: Side = {
      url: cluster.gateways[0]?.address ?? '',
      cpuMs: () => cpuOf(nodePid),
    };
    const baseline: Side = { url: bare.url, cpuMs: () => cpuOf(bare.workerPid) };
    const sizes: Json[] = [];
    for (const size of plan.sizes) sizes.push(await compare(size, plan, ours, baseline, context));
    return {
      sizes,
      counted:
        'ours: media node process and its worker; bare: the worker process alone. Packets: those that the peers received.',
    };
  },
};

async function compare(
  size: FlowPlan,
  plan: ForwardPlan,
  ours: Side,
  baseline: Side,
  context: BenchContext,
): Promise<Json> {
  const { rounds } = plan;
  await using left = await startPeerProcess({ seed: context.seed });
  await using right = await startPeerProcess({ seed: context.seed });
  await using leftSources = size.viewers > 0 ? await startPeerProcess({ seed: context.seed }) : left;
  await using rightSources = size.viewers > 0 ? await startPeerProcess({ seed: context.seed }) : right;
  using ourFlow = new Flow(size, systemClock, leftSources, [left]);
  using bareFlow = new Flow(size, systemClock, rightSources, [right]);
  const room = size.name;
  await ourFlow.start({ url: ours.url, room }, context.signal);
  await ourFlow.hold(true);
  await bareFlow.start({ url: baseline.url, room }, context.signal);
  await bareFlow.hold(true);
  const restMsPerSecond = await restOf(ours, plan, context.signal);
  const ourTurns: Turn[] = [];
  const bareTurns: Turn[] = [];
  for (let round = 0; round < rounds; round++) {
    const bareTurn = async (): Promise<unknown> =>
      bareTurns.push(await takeTurn(bareFlow, baseline, plan, context.signal));
    const ourTurn = async (): Promise<unknown> =>
      ourTurns.push(await takeTurn(ourFlow, ours, plan, context.signal));
    // Who comes first changes, so that a machine that becomes slower or faster meanwhile does not count.
    for (const take of round % 2 === 0 ? [bareTurn, ourTurn] : [ourTurn, bareTurn]) await take();
  }
  return { ...resultOf(size, ourTurns, bareTurns, context), restMsPerSecond };
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
  size: FlowPlan,
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
    roundRatios: { p25: round(compared.roundRatios.p25, 3), p75: round(compared.roundRatios.p75, 3) },
    ...{ rounds, cleanRounds, machineWasLimit },
    packetsLost: ours.packetsLost + bare.packetsLost,
    lossRatio: round(ours.lossRatio, 5),
    bareLossRatio: round(bare.lossRatio, 5),
    lossyTurns: lossyTurns.map((turn) => ({ ...turn, lossRatio: round(turn.lossRatio, 5) })),
    toolCores: round(toolCores(ourTurns)),
  };
  context.say(`${size.name}: ${result.usPerPacket} us per packet, bare ${result.bareUsPerPacket} us`);
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

async function cpuOf(pid: number): Promise<number> {
  return (await readTreeUsages([pid])).get(pid)?.cpuMs ?? 0;
}

function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}
