import { relative } from 'node:path';
import { systemClock } from '@skein/runtime';
import { startCluster, type ClusterProcess, type LocalCluster } from '../adapters/cluster.ts';
import { newLogDir } from '../adapters/log-folders.ts';
import { assertPortFree } from '../adapters/ports.ts';
import { repositoryRoot } from '../adapters/services.ts';
import { untilStopSignal } from '../adapters/stop-signals.ts';
import { assertReachable } from '../adapters/tcp-probe.ts';
import { describeExit, type ProcessExit } from '../launch-error.ts';
import { statusTable } from './status-table.ts';

/** What `npm start` was asked for. */
export interface LaunchOptions {
  readonly gateways: number;
  readonly mediaNodes: number;
  /** The first gateway's port; the others' follow. */
  readonly port: number;
  /** The user's environment: `NATS_URL`, `REDIS_URL` and every `SKEIN_…` setting count. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly print: (text: string) => void;
}

const DEFAULT_CONTROL_PORT = 7000;

/** Asked to stop before it was ready, as a shell says it of SIGINT. */
const EXIT_INTERRUPTED = 130;

/**
 * Runs a cluster on this machine until a signal asks to stop it. Fails with a `LaunchError` if it can't start.
 * Resolves with the exit code; the caller ends this process then, and with it whatever was only half started.
 */
export async function launch(options: LaunchOptions): Promise<number> {
  const { print } = options;
  const startedAt = systemClock.monotonicMs();
  const stopSignal = untilStopSignal();
  const cluster = await Promise.race([start(options), stopSignal]);
  if (typeof cluster === 'string') {
    print(`Stopped (${cluster}) before the cluster was ready.`);
    return EXIT_INTERRUPTED;
  }
  const seconds = ((systemClock.monotonicMs() - startedAt) / 1000).toFixed(1);
  print(`\n${statusTable(cluster.processes())}\n`);
  print(
    `The cluster started in ${seconds} s. Meet at ${cluster.gateways[0]?.url ?? '(no gateway)'} (Ctrl-C stops it)`,
  );
  const signal = await stopSignal;
  print(`\nStopping (${signal}) …`);
  await cluster.stop();
  print('All processes have stopped.');
  return 0;
}

async function start({ gateways, mediaNodes, port, env, print }: LaunchOptions): Promise<LocalCluster> {
  const controlPort = Number(env['SKEIN_CONTROL_GRPC_PORT'] || DEFAULT_CONTROL_PORT);
  const redisUrl = env['REDIS_URL'] || undefined;
  const natsUrl = env['NATS_URL'] || undefined;
  for (let index = 0; index < gateways; index++) {
    await assertPortFree(port + index, `choose others for the gateways with: npm start -- --port PORT`);
  }
  await assertPortFree(
    controlPort,
    'choose another for the control service with SKEIN_CONTROL_GRPC_PORT=PORT',
  );
  if (redisUrl !== undefined) await assertReachable('Redis (REDIS_URL)', redisUrl, 6379);
  if (natsUrl !== undefined) await assertReachable('NATS (NATS_URL)', natsUrl, 4222);
  const logDir = newLogDir();
  print(
    `… cluster: ${gateways} gateways, ${mediaNodes} media nodes, control; logs in ${relative(repositoryRoot, logDir)}`,
  );
  return await startCluster({
    ...{ gateways, mediaNodes, redisUrl, natsUrl, controlPort, logDir, env, basePort: port },
    onUnexpectedExit: (process, exit) => print(deathNotice(process, exit)),
  });
}

function deathNotice({ name, logFile }: ClusterProcess, exit: ProcessExit): string {
  const log = logFile === undefined ? '' : `; its log: ${relative(repositoryRoot, logFile)}`;
  return `${name} ${describeExit(exit)}${log}`;
}
