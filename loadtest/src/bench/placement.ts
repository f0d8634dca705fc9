import { chooseCandidates, connectStore, type ClusterStore, type NodeView } from '@skein/cluster';
import { startRedis } from '@skein/local-cluster';
import type { SessionRef } from '@skein/protocol';
import { seededRandom, systemClock, type Random } from '@skein/runtime';
import { readTreeUsage } from '../measure/cluster/adapters/proc.ts';
import type { Bench, BenchContext } from './bench.ts';
import { closedLoop } from './closed-loop.ts';
import { hundredths, spreadOf, type Spread } from '../measure/statistics.ts';

interface Size {
  readonly nodes: number;
  readonly rooms: number;
}

const JUDGED: Size = { nodes: 100, rooms: 10_000 };
const SIZES: Readonly<Record<BenchContext['form'], readonly Size[]>> = {
  long: [
    ...[1, 10, 1000].map((nodes) => ({ nodes, rooms: 1000 })),
    ...[1, 100, 1000].map((rooms) => ({ nodes: 100, rooms })),
    JUDGED,
  ],
  short: [{ nodes: 10, rooms: 10 }, JUDGED],
};
const SECONDS = { long: 4, short: 0.5 } as const;
const WARM_UP_SECONDS = 1;
/** Joins that are on their way to Redis at once, as of a few busy gateways. */
const IN_FLIGHT = 16;
const PEOPLE_PER_ROOM = 4;
/** More people than that tell no more, and only take time to bring in. */
const MOST_PEOPLE = 4000;

/**
 * How many joins one Redis places: the choice of candidates among the nodes and the placing script, as in a gateway.
 * Each join makes an earlier participant leave, so that rooms stay as they are. Baseline: reads of one field, over the
 * same connection.
 */
export const placement: Bench = {
  name: 'placement',
  what: 'Joins per second that one Redis places, with 1 to 1000 nodes and 1 to 10000 rooms.',
  budgets: [
    { figure: 'joinsPerSecond', min: 2000 },
    { figure: 'placeMs.p99', max: 20 },
  ],
  async run({ form, seed, say, signal }) {
    await using redis = await startRedis();
    const store = await connectStore({ url: redis.url, clock: systemClock, signal });
    const redisCpuMs = async (): Promise<number> => (await readTreeUsage(redis.pid ?? 0)).cpuMs;
    try {
      const random = seededRandom(seed);
      await placeAt(store, JUDGED, { seconds: WARM_UP_SECONDS, random, signal, redisCpuMs });
      const baseline = await readsOf(store, SECONDS[form], signal);
      const sizes: SizeFigures[] = [];
      for (const size of SIZES[form]) {
        sizes.push(await placeAt(store, size, { seconds: SECONDS[form], random, signal, redisCpuMs }));
        say(JSON.stringify(sizes.at(-1)));
      }
      const judged = sizes.find(({ nodes, rooms }) => nodes === JUDGED.nodes && rooms === JUDGED.rooms);
      const { nodes, rooms, joinsPerSecond, placeMs } = judged ?? {
        ...JUDGED,
        joinsPerSecond: 0,
        placeMs: {},
      };
      return { nodes, rooms, joinsPerSecond, placeMs: { ...placeMs }, inFlight: IN_FLIGHT, baseline, sizes };
    } finally {
      await store.close();
    }
  },
};

interface SizeFigures extends Size {
  readonly [figure: string]: number | Readonly<Record<string, number>>;
  readonly joinsPerSecond: number;
  /** With the leaving of an earlier participant not counted. */
  readonly placeMs: { readonly [Name in keyof Spread]: number };
  /** CPU of Redis for one join and one leaving. */
  readonly redisCpuMsPerJoin: number;
  readonly chooseUs: number;
}

interface Placing {
  readonly seconds: number;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly redisCpuMs: () => Promise<number>;
}

async function placeAt(store: ClusterStore, size: Size, placing: Placing): Promise<SizeFigures> {
  const { seconds, random, signal, redisCpuMs } = placing;
  const nodes = nodeViews(size.nodes, random);
  const people: Pick<SessionRef, 'room' | 'identity' | 'epoch'>[] = [];
  const mostPeople = Math.min(MOST_PEOPLE, PEOPLE_PER_ROOM * size.rooms);
  let [joins, chooseMs] = [0, 0];
  const placeMs: number[] = [];
  const join = async (): Promise<void> => {
    const room = `placing-${size.nodes}-${size.rooms}-${Math.floor(random() * size.rooms)}`;
    const identity = `person-${joins++}`;
    const fromMs = systemClock.monotonicMs();
    const candidates = chooseCandidates(nodes, { now: 0, random, region: 'default' });
    const chosenMs = systemClock.monotonicMs();
    const { participant } = await store.rooms.place({
      ...{ room, identity, name: identity, sessionId: `ses_${identity}` },
      ...{ maxParticipants: 1000, candidates },
    });
    chooseMs += chosenMs - fromMs;
    placeMs.push(systemClock.monotonicMs() - fromMs);
    people.push({ room, identity, epoch: participant.epoch });
    const leaving = people.length > mostPeople ? people.shift() : undefined;
    if (leaving) await store.rooms.leave(leaving.room, leaving, 'left');
  };
  const cpuBefore = await redisCpuMs();
  const report = await closedLoop(join, { inFlight: IN_FLIGHT, seconds, signal });
  const redisCpuMsPerJoin = hundredths(((await redisCpuMs()) - cpuBefore) / joins);
  await Promise.all(people.map((one) => store.rooms.leave(one.room, one, 'left')));
  return {
    ...size,
    joinsPerSecond: report.perSecond,
    placeMs: { ...spreadOf(placeMs) },
    redisCpuMsPerJoin,
    chooseUs: hundredths((1000 * chooseMs) / joins),
  };
}

async function readsOf(store: ClusterStore, seconds: number, signal: AbortSignal) {
  const read = async (): Promise<void> => void (await store.rooms.heads(['placing']));
  const { perSecond, tookMs } = await closedLoop(read, { inFlight: IN_FLIGHT, seconds, signal });
  return { what: 'reads of one field', readsPerSecond: perSecond, readMs: { ...tookMs } };
}

/** Nodes as a gateway knows them, with loads as in a cluster that has something to do. */
function nodeViews(count: number, random: Random): NodeView[] {
  return Array.from({ length: count }, (_, at) => ({
    record: {
      ...{
        nodeId: `media-node-${at}`,
        region: 'default',
        state: 'ready' as const,
        grpcAddress: '127.0.0.1:0',
      },
      ...{ workers: 1, version: '0', startedAtMs: 0, beat: 1 },
      load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 100, used: 0.2 + 0.4 * random() },
    },
    lastSeenMs: 0,
    assignedSinceBeat: 0,
  }));
}
