import { seededRandom, systemClock } from '@skein/runtime';
import { arrivalTimes, openLoop } from './arrivals.ts';
import type { Bench, BenchContext, Json } from './bench.ts';
import { cpuPerJoin, startJoinCluster, type JoinCluster } from './join-cluster.ts';
import { operationsPerJoin } from './join-operations.ts';
import { spreadOf } from '../measure/statistics.ts';
import { SignalingClient } from './signaling-client.ts';

interface Plan {
  readonly ratesPerSecond: readonly number[];
  /** The rate whose figures stand at the top. */
  readonly judgedRate: number;
  readonly secondsPerRate: number;
  readonly warmUpJoins: number;
  readonly roomSizes: readonly number[];
}

const PLANS: Readonly<Record<BenchContext['form'], Plan>> = {
  long: {
    ...{ ratesPerSecond: [10, 25, 50, 100], judgedRate: 50, secondsPerRate: 8 },
    ...{ warmUpJoins: 100, roomSizes: [1, 50, 200] },
  },
  short: {
    ...{ ratesPerSecond: [10], judgedRate: 10, secondsPerRate: 2, warmUpJoins: 5, roomSizes: [1, 5] },
  },
};

const WARM_UP_PER_SECOND = 25;
const PEOPLE_PER_ROOM = 4;
/** How long people stay: everybody who joins leaves again, so that a rate is a steady state. */
const STAY_MS = 2000;

/**
 * How long a join takes, from the open socket to the answer that holds the room, the transports and the subscriptions.
 * The baseline is the round trip of a request on the same kind of socket at the same rate, which the gateway answers by
 * itself.
 */
export const join: Bench = {
  name: 'join',
  what: 'Time from open socket to join answer at 10 to 100 joins/s; operations of Redis and NATS for each.',
  budgets: [
    { figure: 'answerMs.p50', max: 20 },
    { figure: 'answerMs.p99', max: 100 },
    { figure: 'failed', max: 0 },
  ],
  async run(context) {
    const plan = PLANS[context.form];
    context.say('starting a gateway, three media nodes, control, Redis and NATS');
    await using cluster = await startJoinCluster();
    context.signal.throwIfAborted();
    await joinAt(cluster, WARM_UP_PER_SECOND, plan.warmUpJoins / WARM_UP_PER_SECOND, context);
    const baseline = await roundTripsAt(cluster, plan.judgedRate, plan.secondsPerRate, context);
    const rates: RateFigures[] = [];
    for (const rate of plan.ratesPerSecond) {
      rates.push(await joinAt(cluster, rate, plan.secondsPerRate, context));
      context.say(`${rate} joins/s: ${JSON.stringify(rates.at(-1)?.answerMs)} ms`);
    }
    const operations = await operationsPerJoin(cluster, plan.roomSizes, context);
    const judged = rates.find(({ joinsPerSecond }) => joinsPerSecond === plan.judgedRate);
    return {
      joinsPerSecond: plan.judgedRate,
      answerMs: { ...judged?.answerMs },
      failed: rates.reduce((sum, { failed }) => sum + failed, 0),
      baseline,
      rates: rates as unknown as Json,
      operationsPerJoin: operations,
      stayMs: STAY_MS,
      peoplePerRoom: PEOPLE_PER_ROOM,
    };
  },
};

type RateFigures = Awaited<ReturnType<typeof joinAt>>;

/** Joins at `perSecond` for `seconds`; everybody leaves again. */
async function joinAt(cluster: JoinCluster, perSecond: number, seconds: number, context: BenchContext) {
  const answerMs: number[] = [];
  const openMs: number[] = [];
  const times = arrivalTimes(perSecond, seconds, seededRandom(context.seed));
  const before = await cluster.cpuMs();
  const report = await openLoop(
    times,
    async (index) => {
      const beganMs = systemClock.monotonicMs();
      const client = await SignalingClient.open(cluster.port);
      try {
        openMs.push(client.openedMs - beganMs);
        const room = `room-${perSecond}-${Math.floor(index / PEOPLE_PER_ROOM)}`;
        await client.join(room, `person-${index}`);
        answerMs.push(systemClock.monotonicMs() - client.openedMs);
        await systemClock.sleep(STAY_MS, context.signal).catch(() => {});
        await client.request('leave', {});
      } finally {
        client.close();
      }
    },
    { clock: systemClock, signal: context.signal },
  );
  if (report.firstFailure !== undefined) context.say(`${report.failed} joins failed: ${report.firstFailure}`);
  return {
    joinsPerSecond: perSecond,
    joins: times.length,
    failed: report.failed,
    answerMs: spreadOf(answerMs),
    openMs: spreadOf(openMs),
    lateMs: report.lateMs,
    cpuMsPerJoin: cpuPerJoin(before, await cluster.cpuMs(), times.length),
  };
}

/** A request that the gateway answers at once, as it comes before a join. */
async function roundTripsAt(cluster: JoinCluster, perSecond: number, seconds: number, context: BenchContext) {
  const roundTripMs: number[] = [];
  const times = arrivalTimes(perSecond, seconds, seededRandom(context.seed));
  await openLoop(
    times,
    async () => {
      const client = await SignalingClient.open(cluster.port);
      await client.request('ping', {}).catch(() => {});
      roundTripMs.push(systemClock.monotonicMs() - client.openedMs);
      client.close();
    },
    { clock: systemClock, signal: context.signal },
  );
  return { what: 'open socket to the answer of a ping', roundTripMs: { ...spreadOf(roundTripMs) } };
}
