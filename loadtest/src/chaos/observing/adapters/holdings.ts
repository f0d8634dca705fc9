import { askRedis, type LocalCluster } from '@skein/local-cluster';
import type { ClusterProbe } from '@skein/testkit';
import { readTreeUsages } from '../../../measure/cluster/adapters/proc.ts';
import type { Holdings } from '../leaks.ts';

const ANSWER_DEADLINE_MS = 1_000;
/** More keys than a run of the bench ever makes, so that one SCAN answers with all. */
const SCANNED_KEYS = 100_000;

export interface HoldingsDeps {
  readonly cluster: LocalCluster;
  readonly probe: ClusterProbe;
  readonly natsMonitorUrl: string;
}

/** What the cluster holds now, from all sides. Who does not answer has nothing in it. */
export async function readHoldings(deps: HoldingsDeps): Promise<Omit<Holdings, 'memory'>> {
  const [counts, roomKeys, subjects] = await Promise.all([
    readCounts(deps),
    readRoomKeys(deps.cluster),
    readSubjects(deps.natsMonitorUrl),
  ]);
  return { counts, roomKeys, subjects };
}

/** Resident bytes of each process that runs and of its children, by name. */
export async function readMemory(cluster: LocalCluster): Promise<Holdings['memory']> {
  const running = cluster
    .processes()
    .flatMap(({ name, status }) => (status.status === 'ready' ? [[name, status.pid] as const] : []));
  const usages = await readTreeUsages(running.map(([, pid]) => pid));
  return new Map(running.map(([name, pid]) => [name, usages.get(pid)?.residentBytes ?? 0]));
}

async function readCounts({ cluster, probe }: HoldingsDeps): Promise<Holdings['counts']> {
  const running = cluster.mediaNodes.filter(({ status }) => status.status === 'ready');
  return new Map(
    await Promise.all(
      running.map(async ({ nodeId, grpcAddress }) => {
        const counts = await probe.countsOf(grpcAddress).catch(() => undefined);
        return [nodeId, counts && { ...counts }] as const;
      }),
    ),
  );
}

async function readRoomKeys({ redis, redisGroup }: LocalCluster): Promise<Holdings['roomKeys']> {
  const server = redis ?? (await redisGroup?.primary());
  if (!server) return undefined;
  const answer = await askRedis(server, `SCAN 0 MATCH skein:{room* COUNT ${SCANNED_KEYS}`);
  // RESP2: an array of the cursor, and an array of keys; each is a line of its own after the line of its length.
  return answer?.split('\r\n').filter((line) => line.startsWith('skein:'));
}

async function readSubjects(monitorUrl: string): Promise<Holdings['subjects']> {
  try {
    const signal = AbortSignal.timeout(ANSWER_DEADLINE_MS);
    const answer: unknown = await (await fetch(`${monitorUrl}/connz?subs=1&limit=1024`, { signal })).json();
    const { connections } = answer as { connections: readonly { subscriptions_list?: readonly string[] }[] };
    return connections.flatMap(({ subscriptions_list: subjects = [] }) => subjects);
  } catch {
    return undefined;
  }
}
