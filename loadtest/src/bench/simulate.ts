import { seededRandom, systemClock } from '@skein/runtime';
import type { Bench, BenchContext } from './bench.ts';
import { hundredths } from '../measure/statistics.ts';
import { linksOf, treeFigures, treeGrown, treeOf } from './simulation/fan-out.ts';
import { PlacingSimulation } from './simulation/placing.ts';

const NODES = 50;
const VIEWERS = { long: 10_000, short: 1000 } as const;
const ROOMS = { long: 100_000, short: 1000 } as const;
const PEOPLE_PER_ROOM = 3;
/** Who speaks in the big room, each on a node of their own, with a microphone and a camera. */
const PRESENTERS = 3;
const TRACKS_EACH = 2;
/** So full are the nodes in the end. */
const FULL = 0.5;
const JOINS_PER_SECOND = 400;
const JOINS_PER_BEAT = JOINS_PER_SECOND / 4;

/**
 * Placement and the tree of relays at sizes that no one machine has, without media: 10 000 viewers of one room on 50
 * nodes, and 100 000 rooms of three. The product's own pure functions decide. Baseline: a star, in which the origin
 * feeds all nodes.
 */
export const simulate: Bench = {
  name: 'simulate',
  what: 'Without media: 10000 viewers on 50 nodes, and 100000 rooms: the relay tree, copies, decisions per second.',
  budgets: [
    { figure: 'webinar.tree.depth', max: 2 },
    { figure: 'webinar.tree.copiesFromOrigin', max: 8 },
    { figure: 'webinar.tree.copiesFromRelay', max: 8 },
    { figure: 'webinar.mostCopiesPerLink', max: 1 },
  ],
  run(context) {
    const webinar = simulateWebinar(context);
    context.say(`webinar: ${JSON.stringify(webinar)}`);
    const rooms = simulateRooms(context);
    context.say(`rooms: ${JSON.stringify(rooms)}`);
    return Promise.resolve({ nodes: NODES, webinar, rooms });
  },
};

function simulateWebinar({ form, seed }: BenchContext) {
  const viewers = VIEWERS[form];
  const placing = placingOf(viewers, seed);
  const { decisionsPerSecond } = timed(placing, () => {
    for (let one = 0; one < viewers; one++) placing.join('webinar');
  });
  // In the order in which they came to be of the room.
  const nodes = [...(placing.rooms.get('webinar') ?? new Map<string, number>()).keys()];
  const origins = nodes.slice(0, PRESENTERS);
  const [origin = ''] = origins;
  const fromMs = systemClock.monotonicMs();
  const trees = new Map(origins.map((one) => [one, treeOf(one, nodes)]));
  const treeMs = systemClock.monotonicMs() - fromMs;
  return {
    ...{ viewers, nodesUsed: nodes.length, sessionsPerNode: rangeOf(placing.sessions), decisionsPerSecond },
    presenters: PRESENTERS,
    tree: { ...treeFigures(origin, trees.get(origin) ?? new Map()) },
    treeGrownNodeByNode: { ...treeFigures(origin, treeGrown(origin, nodes)) },
    star: {
      ...treeFigures(origin, new Map(nodes.filter((one) => one !== origin).map((one) => [one, origin]))),
    },
    ...linksOf(trees, TRACKS_EACH),
    treeDecisionsPerSecond: Math.round((1000 * nodes.length * trees.size) / treeMs),
  };
}

function simulateRooms({ form, seed }: BenchContext) {
  const rooms = ROOMS[form];
  const people = PEOPLE_PER_ROOM * rooms;
  const placing = placingOf(people, seed);
  const { decisionsPerSecond } = timed(placing, () => {
    for (let one = 0; one < people; one++) placing.join(`room-${Math.floor(one / PEOPLE_PER_ROOM)}`);
  });
  const whole = [...placing.rooms.values()].filter((hosts) => hosts.size === 1).length;
  return {
    ...{ rooms, people, sessionsPerNode: rangeOf(placing.sessions), decisionsPerSecond },
    shareOnOneNode: hundredths(whole / rooms),
  };
}

function placingOf(people: number, seed: number): PlacingSimulation {
  const capacity = people / NODES / FULL;
  return new PlacingSimulation({ count: NODES, capacity, joinsPerBeat: JOINS_PER_BEAT }, seededRandom(seed));
}

function timed(placing: PlacingSimulation, run: () => void): { readonly decisionsPerSecond: number } {
  const fromMs = systemClock.monotonicMs();
  run();
  const seconds = (systemClock.monotonicMs() - fromMs) / 1000;
  return { decisionsPerSecond: Math.round(placing.decisions / seconds) };
}

function rangeOf(values: readonly number[]): {
  readonly least: number;
  readonly mean: number;
  readonly most: number;
} {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { least: Math.min(...values), mean: hundredths(mean), most: Math.max(...values) };
}
