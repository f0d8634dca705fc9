import { describeExit, startCluster, type LocalCluster } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { SignalClient } from '@skein/testkit';
import type { Violation } from './invariants.ts';
import { Observer } from './observer.ts';
import { percentiles, summarize, type ChaosSummary, type RoundFigures } from './report.ts';

export interface JoinBurstOptions {
  readonly seed: number;
  readonly say: (line: string) => void;
  /** Repetitions of each burst. Default 1. */
  readonly rounds?: number | undefined;
  readonly people?: number;
}

const PEOPLE = 200;
const WITHIN_MS = 5_000;
const MEDIA_NODES = 3;
/** No node gets more than this many times its fair share. */
const MOST_OF_SHARE = 1.3;

/** Between two looks at so many rooms: each costs a request to the store and to every node. */
const MANY_ROOMS_EVERY_MS = 2_000;

interface Burst {
  readonly what: string;
  readonly rooms: readonly string[];
  readonly everyMs?: number;
}

const BURSTS: readonly Burst[] = [
  { what: 'one room', rooms: ['burst'] },
  {
    what: '100 rooms',
    rooms: Array.from({ length: 100 }, (_, number) => `burst-${number}`),
    everyMs: MANY_ROOMS_EVERY_MS,
  },
];

/** Many joins at once without media: how long each takes, how evenly the nodes get them, and whether all of them stay. */
export async function runJoinBurst(options: JoinBurstOptions): Promise<ChaosSummary> {
  const { seed, rounds: repetitions = 1 } = options;
  const rounds: RoundFigures[] = [];
  const violations: Violation[] = [];
  const outcome = { scenario: 'join-burst', seed, bounds: {}, rounds, violations };
  try {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const burst of BURSTS) rounds.push(await runBurst(burst, options, violations));
    }
    return summarize(outcome);
  } catch (error) {
    return summarize({ ...outcome, error });
  }
}

interface Guest {
  readonly identity: string;
  readonly client: SignalClient;
  readonly nodeId: string;
  readonly tookMs: number;
}

async function runBurst(
  { what, rooms, everyMs }: Burst,
  { say, people = PEOPLE }: JoinBurstOptions,
  violations: Violation[],
): Promise<RoundFigures> {
  const onViolation = (violation: Violation): void => {
    violations.push(violation);
    say(`VIOLATION: ${violation.invariant}: ${violation.what}`);
  };
  await using cluster = await startCluster({
    mediaNodes: MEDIA_NODES,
    onUnexpectedExit: ({ name }, exit) =>
      onViolation({
        invariant: 'no service crashes',
        what: `${name} ${describeExit(exit)}`,
        atMs: systemClock.now(),
      }),
  });
  const guests: Guest[] = [];
  await using observer = await Observer.start({ rooms, cluster, people: () => guests, everyMs }, onViolation);
  say(`${people} joins of ${what} within ${WITHIN_MS / 1000} s`);
  const failed = await joinAll({ cluster, rooms, people }, guests);
  for (const open of await observer.calm()) say(`not well, though not for long: ${open}`);
  for (const { identity, client } of guests) {
    const { closed } = client;
    if (!closed) continue;
    const why = `${identity}: ${closed.code} ${closed.reason}`;
    onViolation({ invariant: 'no call ends', what: why, atMs: systemClock.now() });
  }
  const spread = spreadOver(guests.map(({ nodeId }) => nodeId));
  const recoverMs = guests.map(({ tookMs }) => tookMs);
  say(`${what}: ${JSON.stringify(spread.counts)}; join ms ${JSON.stringify(percentiles(recoverMs))}`);
  await Promise.all(guests.map(({ client }) => client[Symbol.asyncDispose]()));
  return {
    ...{ recoverMs, longestGapMs: [], undisturbedGapMs: [], felt: 'always' },
    failed: [...failed, ...unevenness(spread)].map((why) => `${what}: ${why}`),
  };
}

/** Joins everybody over the time of the burst. Adds who got in to `guests`, and tells why others did not. */
async function joinAll(
  { cluster, rooms, people }: { cluster: LocalCluster; rooms: readonly string[]; people: number },
  guests: Guest[],
): Promise<string[]> {
  const joins = Array.from({ length: people }, async (_, index) => {
    await systemClock.sleep((index * WITHIN_MS) / people);
    const { signalUrl = '' } = cluster.gateways[index % cluster.gateways.length] ?? {};
    const client = await SignalClient.open(signalUrl);
    const fromMs = systemClock.monotonicMs();
    const identity = `guest-${index}`;
    try {
      const { nodeId } = await client.join(rooms[index % rooms.length] ?? '', identity);
      guests.push({ identity, client, nodeId, tookMs: systemClock.monotonicMs() - fromMs });
    } catch (error) {
      await client[Symbol.asyncDispose]();
      throw error;
    }
  });
  const refused = (await Promise.allSettled(joins)).flatMap((outcome) =>
    outcome.status === 'rejected' ? [SkeinError.from(outcome.reason).code] : [],
  );
  if (refused.length === 0) return [];
  return [`${refused.length} joins failed: ${[...new Set(refused)].join(', ')}`];
}

function unevenness({ counts, mostOfShare }: ReturnType<typeof spreadOver>): string[] {
  if (mostOfShare <= MOST_OF_SHARE) return [];
  return [`a node got ${mostOfShare.toFixed(2)} times its share: ${JSON.stringify(counts)}`];
}

/** How many went to each node, and the most that one got in relation to its fair share. */
export function spreadOver(
  nodeIds: readonly string[],
  nodes = MEDIA_NODES,
): { readonly counts: Readonly<Record<string, number>>; readonly mostOfShare: number } {
  const counts: Record<string, number> = {};
  for (const nodeId of nodeIds) counts[nodeId] = (counts[nodeId] ?? 0) + 1;
  const most = Math.max(0, ...Object.values(counts));
  return { counts, mostOfShare: nodeIds.length === 0 ? 0 : most / (nodeIds.length / nodes) };
}
