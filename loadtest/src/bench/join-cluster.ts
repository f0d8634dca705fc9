import { freePort, startCluster, startNats, type LocalCluster, type NatsServer } from '@skein/local-cluster';
import { readTreeUsages } from '../measure/cluster/adapters/proc.ts';
import { readNatsMessages, readRedisCommands } from '../measure/cluster/adapters/stores.ts';
import { hundredths } from '../measure/statistics.ts';

/** CPU time so far, in ms: of services and servers with all that they have started, and of this process. */
export type CpuMs = Readonly<Record<'gateway' | 'mediaNodes' | 'redis' | 'nats' | 'client', number>>;

/** What the stores have been asked so far. */
export interface OperationCounts {
  /** Script calls: round trips of placing, publishing and leaving. */
  readonly redisScripts: number;
  /** All other commands, those that scripts make among them. */
  readonly redisCommands: number;
  readonly natsPublished: number;
  readonly natsDelivered: number;
}

/** A gateway, three media nodes, control and both stores, with what they have done so far. */
export interface JoinCluster extends AsyncDisposable {
  /** The gateway's. */
  readonly port: number;
  cpuMs(): Promise<CpuMs>;
  /** Fails when a store does not answer. */
  operations(): Promise<OperationCounts>;
}

const MEDIA_NODES = 3;

export async function startJoinCluster(): Promise<JoinCluster> {
  const monitoringPort = await freePort();
  const nats = await startNats({ monitoringPort });
  try {
    const cluster = await startCluster({ gateways: 1, mediaNodes: MEDIA_NODES, natsUrl: nats.url });
    return {
      port: cluster.gateways[0]?.httpPort ?? 0,
      cpuMs: () => cpuOf(cluster, nats),
      operations: () => operationsOf(cluster, `http://127.0.0.1:${monitoringPort}`),
      async [Symbol.asyncDispose]() {
        await cluster.stop();
        await nats[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await nats[Symbol.asyncDispose]();
    throw error;
  }
}

async function cpuOf({ gateways, mediaNodes, redis }: LocalCluster, nats: NatsServer): Promise<CpuMs> {
  const pids = (some: readonly ({ pid: number | undefined } | undefined)[]): number[] =>
    some.flatMap((one) => one?.pid ?? []);
  const kinds = {
    gateway: pids(gateways),
    mediaNodes: pids(mediaNodes),
    redis: pids([redis]),
    nats: pids([nats]),
  };
  const usages = await readTreeUsages(Object.values(kinds).flat());
  const of = (kind: keyof typeof kinds): number =>
    kinds[kind].reduce((sum, pid) => sum + (usages.get(pid)?.cpuMs ?? 0), 0);
  const { user, system } = process.cpuUsage();
  return {
    ...{ gateway: of('gateway'), mediaNodes: of('mediaNodes'), redis: of('redis'), nats: of('nats') },
    client: (user + system) / 1000,
  };
}

/** What each of `count` joins cost, in ms. */
export function cpuPerJoin(before: CpuMs, after: CpuMs, count: number): CpuMs {
  const per = (kind: keyof CpuMs): number => hundredths((after[kind] - before[kind]) / count);
  const services = { gateway: per('gateway'), mediaNodes: per('mediaNodes') };
  return { ...services, redis: per('redis'), nats: per('nats'), client: per('client') };
}

async function operationsOf({ redisUrl }: LocalCluster, monitorUrl: string): Promise<OperationCounts> {
  const [redis, nats] = await Promise.all([readRedisCommands(redisUrl), readNatsMessages(monitorUrl)]);
  if (!redis || !nats) throw new Error('a store does not say what it has been asked');
  return {
    redisScripts: redis.scripts,
    redisCommands: redis.all - redis.scripts,
    natsPublished: nats.received,
    natsDelivered: nats.sent,
  };
}
