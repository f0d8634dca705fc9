import { startCluster, type LocalCluster } from '@skein/local-cluster';
import { SkeinError } from '@skein/protocol';
import { systemClock } from '@skein/runtime';
import { SignalClient } from '@skein/testkit';
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

interface Burst {
  readonly what: string;
  readonly roomOf: (index: number) => string;
}

const BURSTS: readonly Burst[] = [
  { what: 'one room', roomOf: () => 'burst' },
  { what: '100 rooms', roomOf: (index) => `burst-${index % 100}` },
];

/** Many joins at once without media: how long each takes, and how evenly the nodes get them. */
export async function runJoinBurst(options: JoinBurstOptions): Promise<ChaosSummary> {
  const { seed, say, rounds: repetitions = 1, people = PEOPLE } = options;
  const rounds: RoundFigures[] = [];
  for (let repetition = 0; repetition < repetitions; repetition++) {
    for (const burst of BURSTS) {
      await using cluster = await startCluster({ mediaNodes: MEDIA_NODES });
      rounds.push(await runBurst(cluster, burst, people, say));
    }
  }
  return summarize({ scenario: 'join-burst', seed, bounds: {}, rounds, violations: [] });
}

async function runBurst(
  cluster: LocalCluster,
  { what, roomOf }: Burst,
  people: number,
  say: (line: string) => void,
): Promise<RoundFigures> {
  say(`${people} joins of ${what} within ${WITHIN_MS / 1000} s`);
  const clients: SignalClient[] = [];
  const joins = Array.from({ length: people }, async (_, index) => {
    await systemClock.sleep((index * WITHIN_MS) / people);
    const { signalUrl = '' } = cluster.gateways[index % cluster.gateways.length] ?? {};
    const client = await SignalClient.open(signalUrl);
    clients.push(client);
    const fromMs = systemClock.monotonicMs();
    const { nodeId } = await client.join(roomOf(index), `guest-${index}`);
    return { nodeId, tookMs: systemClock.monotonicMs() - fromMs };
  });
  const outcomes = await Promise.allSettled(joins);
  const joined = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []));
  const refused = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [SkeinError.from(outcome.reason).code] : [],
  );
  const spread = spreadOver(joined.map(({ nodeId }) => nodeId));
  say(
    `${what}: ${JSON.stringify(spread.counts)}; join ms ${JSON.stringify(percentiles(joined.map(({ tookMs }) => tookMs)))}`,
  );
  await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
  return {
    recoverMs: joined.map(({ tookMs }) => tookMs),
    longestGapMs: [],
    undisturbedGapMs: [],
    felt: 'always',
    failed: [
      ...(refused.length > 0
        ? [`${what}: ${refused.length} joins failed: ${[...new Set(refused)].join(', ')}`]
        : []),
      ...(spread.mostOfShare > MOST_OF_SHARE
        ? [
            `${what}: a node got ${spread.mostOfShare.toFixed(2)} times its share: ${JSON.stringify(spread.counts)}`,
          ]
        : []),
    ],
  };
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
