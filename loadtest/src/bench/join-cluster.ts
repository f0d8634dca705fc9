import { freePort, startCluster, startNats, type LocalCluster } from '@skein/local-cluster';
import { operationCounts, type OperationCounts } from './adapters/operation-counts.ts';
import { treeCpuMs } from './adapters/process-figures.ts';

/** CPU time of each kind of process so far, in ms. */
export type CpuMs = Readonly<Record<'gateway' | 'mediaNodes' | 'redis' | 'nats' | 'client', number>>;

/** A gateway, three media nodes, control and both stores, with what they have done so far. */
export interface JoinCluster extends AsyncDisposable {
  /** The gateway's. */
  readonly port: number;
  cpuMs(): CpuMs;
  operations(): Promise<OperationCounts>;
}

const MEDIA_NODES = 3;

export async function startJoinCluster(): Promise<JoinCluster> {
  const monitoringPort = await freePort();
  const nats = await startNats({ monitoringPort });
  let cluster: LocalCluster;
  try {
    // What a join writes to the log costs as much as it does in production.
    cluster = await startCluster({ gateways: 1, mediaNodes: MEDIA_NODES, natsUrl: nats.url });
  } catch (error) {
    await nats[Symbol.asyncDispose]();
    throw error;
  }
  const { redis } = cluster;
  const cpuOf = (pid: number | undefined): number => (pid === undefined ? 0 : treeCpuMs(pid));
  return {
    port: cluster.gateways[0]?.httpPort ?? 0,
    cpuMs: () => ({
      gateway: cpuOf(cluster.gateways[0]?.pid),
      mediaNodes: cluster.mediaNodes.reduce((sum, { pid }) => sum + cpuOf(pid), 0),
      redis: cpuOf(redis?.pid),
      nats: cpuOf(nats.pid),
      client: process.cpuUsage().user / 1000 + process.cpuUsage().system / 1000,
    }),
    operations: () => operationCounts(redis?.port ?? 0, `http://127.0.0.1:${monitoringPort}`),
    async [Symbol.asyncDispose]() {
      await cluster.stop();
      await nats[Symbol.asyncDispose]();
    },
  };
}

/** What each of `count` joins cost, in ms of CPU. */
export function cpuPerJoin(before: CpuMs, after: CpuMs, count: number): CpuMs {
  const per = (name: keyof CpuMs): number => Math.round((100 * (after[name] - before[name])) / count) / 100;
  const [gateway, mediaNodes, redis] = [per('gateway'), per('mediaNodes'), per('redis')];
  return { gateway, mediaNodes, redis, nats: per('nats'), client: per('client') };
}
