import {
  freePort,
  startCluster,
  type ClusterProcess,
  type LocalCluster,
  type ProcessExit,
} from '@skein/local-cluster';
import type { Clock } from '@skein/runtime';
import { ClusterProbe } from '@skein/testkit';
import { ClusterMeter } from '../measure/cluster/cluster-meter.ts';
import type { Target } from '../report/document.ts';
import type { Scenario } from '../scenario/schema.ts';
import { checkGateway } from './adapters/gateway-check.ts';

export interface TargetOptions {
  readonly scenario: Scenario;
  /** Gateways of a cluster that runs already; none: a cluster of its own. */
  readonly urls: readonly string[];
  /** Control of that cluster, `HOST:PORT`: its pipes and sessions are reported too. */
  readonly control?: string | undefined;
  readonly clock: Clock;
  readonly logDir: string;
  readonly onUnexpectedExit: (process: ClusterProcess, exit: ProcessExit) => void;
}

/** What is put under load. */
export interface LoadTarget extends AsyncDisposable {
  readonly described: Target;
  /** Gateways, as peers are given them. */
  readonly urls: readonly string[];
  readonly meter: ClusterMeter;
  /** Only the tool's own. */
  readonly cluster: LocalCluster | undefined;
  readonly probe: ClusterProbe | undefined;
}

/** Starts a cluster, or looks whether what runs at the URLs is one. Rejects with a line for people. */
export async function openTarget(options: TargetOptions): Promise<LoadTarget> {
  return options.urls.length > 0 ? await foreignTarget(options) : await ownTarget(options);
}

async function foreignTarget({ urls, control, clock }: TargetOptions): Promise<LoadTarget> {
  for (const url of urls) await checkGateway(url);
  const probe = control === undefined ? undefined : new ClusterProbe(control);
  const statuses = probe && (() => probe.statuses());
  return {
    described: { kind: 'url', urls },
    urls,
    meter: new ClusterMeter({ statuses }, clock),
    ...{ cluster: undefined, probe },
    [Symbol.asyncDispose]: async () => probe?.[Symbol.dispose](),
  };
}

async function ownTarget({ scenario, clock, logDir, onUnexpectedExit }: TargetOptions): Promise<LoadTarget> {
  const { mediaNodes, gateways, workersPerNode, settings: env } = scenario.cluster;
  const natsMonitoringPort = await freePort();
  const counts = { mediaNodes, gateways, workersPerNode };
  const cluster = await startCluster({ ...counts, env, logDir, natsMonitoringPort, onUnexpectedExit });
  const probe = new ClusterProbe(cluster.control?.grpcAddress ?? '');
  const natsMonitorUrl = `http://127.0.0.1:${natsMonitoringPort}`;
  const statuses = () => probe.statuses();
  return {
    described: { kind: 'own', ...counts },
    urls: cluster.gateways.map(({ url }) => url),
    meter: new ClusterMeter({ cluster, natsMonitorUrl, statuses }, clock),
    ...{ cluster, probe },
    [Symbol.asyncDispose]: async () => {
      probe[Symbol.dispose]();
      await cluster.stop();
    },
  };
}
