import { describeExit, freePort, startCluster, type LocalCluster } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { ClusterProbe, SignalClient } from '@skein/testkit';
import { spreadOf } from '../measure/statistics.ts';
import type { Violation } from './observing/invariants.ts';
import { LeakCheck } from './observing/leak-check.ts';
import { Observer } from './observing/observer.ts';
import type { RoundFigures } from './judging/round-figures.ts';
import { summarize, type ChaosSummary } from './judging/report.ts';

export interface JoinBurstOptions {
  readonly seed: number;
  readonly say: (line: string) => void;
  /** Repetitions of each burst. Default 1. */
  readonly rounds?: number | undefined;
  readonly clients?: number;
  /** `short`: times are measured and not judged, for machines that do something else meanwhile. Default `long`. */
  readonly form?: 'long' | 'short';
}

const PEOPLE = 200;
const WITHIN_MS = 5_000;
const MEDIA_NODES = 3;
/** The design's budget for a join's answer at 50 joins per second; a burst comes at 40. */
const JOIN_BUDGET_MS = { p50: 10, p99: 50 };
/** No node gets more than this many times its fair share. */
const MOST_OF_SHARE = 1.3;

/** Between two looks at all rooms: each costs a request to the store and to every node. */
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
  const leaks: string[] = [];
  const outcome = { scenario: 'join-burst', seed, bounds: {}, rounds, violations, leaks };
  try {
    for (let repetition = 0; repetition < repetitions; repetition++) {
      for (const burst of BURSTS) rounds.push(await runBurst(burst, options, { violations, leaks }));
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
  { say, clients = PEOPLE, form = 'long' }: JoinBurstOptions,
  { violations, leaks }: { violations: Violation[]; leaks: string[] },
): Promise<RoundFigures> {
  const onViolation = (violation: Violation): void => {
    violations.push(violation);
    say(`VIOLATION: ${violation.invariant}: ${violation.what}`);
  };
  const natsMonitoringPort = await freePort();
  await using cluster = await startCluster({
    ...{ mediaNodes: MEDIA_NODES, natsMonitoringPort },
    onUnexpectedExit: ({ name }, exit) =>
      onViolation({
        invariant: 'no service crashes',
        what: `${name} ${describeExit(exit)}`,
        atMs: systemClock.now(),
      }),
  });
  using probe = new ClusterProbe(() => cluster.control?.grpcAddress ?? '');
  const natsMonitorUrl = `http://127.0.0.1:${natsMonitoringPort}`;
  const leakCheck = await LeakCheck.begin({ cluster, probe, natsMonitorUrl });
  const guests: Guest[] = [];
  await using observer = await Observer.start(
    { rooms, cluster, clients: () => guests, everyMs },
    onViolation,
  );
  say(`${clients} joins of ${what} within ${WITHIN_MS / 1000} s`);
  const failed = await joinAll({ cluster, rooms, clients }, guests);
  for (const open of await observer.calm()) say(`not well, though not for long: ${open}`);
  for (const { identity, client } of guests) {
    const { closed } = client;
    if (!closed) continue;
    const why = `${identity}: ${closed.code} ${closed.reason}`;
    onViolation({ invariant: 'no call ends', what: why, atMs: systemClock.now() });
  }
  const spread = spreadOver(guests.map(({ nodeId }) => nodeId));
  const recoveries = guests.map(({ identity, tookMs }) => ({ identity, ms: tookMs }));
  const late = form === 'long' ? lateJoins(recoveries.map(({ ms }) => ms)) : [];
  const { p50, p99, max } = spreadOf(recoveries.map(({ ms }) => ms));
  say(`${what}: ${JSON.stringify(spread.counts)}; join ms ${JSON.stringify({ p50, p99, max })}`);
  await leakCheck.warm();
  await leaveAll(guests.splice(0));
  leaks.push(...(await leakCheck.end(say)).map((leak) => `${what}: ${leak}`));
  return {
    ...{ recoveries, gaps: [], undisturbedGapMs: [], impact: 'certain' },
    failed: [...failed, ...unevenness(spread), ...late].map((why) => `${what}: ${why}`),
  };
}

async function leaveAll(guests: readonly Guest[]): Promise<void> {
  await Promise.all(
    guests.map(async ({ client }) => {
      if (!client.closed) await client.request('leave', {});
      await client[Symbol.asyncDispose]();
    }),
  );
}

/** Which of the budgets of join times do not hold, in words. */
export function lateJoins(tookMs: readonly number[]): string[] {
  const measured = spreadOf(tookMs);
  return (['p50', 'p99'] as const)
    .filter((share) => !(measured[share] <= JOIN_BUDGET_MS[share]))
    .map((share) => `join ${share} is ${measured[share]} ms, more than ${JOIN_BUDGET_MS[share]}`);
}

/** Joins everybody over the time of the burst. Adds who got in to `guests`, and tells why others did not. */
async function joinAll(
  { cluster, rooms, clients }: { cluster: LocalCluster; rooms: readonly string[]; clients: number },
  guests: Guest[],
): Promise<string[]> {
  const joins = Array.from({ length: clients }, async (_, index) => {
    await systemClock.sleep((index * WITHIN_MS) / clients);
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
