import { connectBus } from '@skein/bus';
import { connectStore } from '@skein/cluster';
import {
  readConfig,
  runService,
  systemClock,
  systemIds,
  systemRandom,
  type RunningService,
} from '@skein/runtime';
import { createLogger, startTelemetry } from '@skein/telemetry';
import { coreCount } from './adapters/cores.ts';
import { mediasoupEngine } from './adapters/mediasoup-engine.ts';
import { MediaNode, type MediaNodeConfig } from './media-node.ts';
import { mediaNodeSettings } from './settings.ts';

const VERSION = '0.1.0';
/** For what comes after a drain: the node itself takes 5 s at most. */
const STOP_GRACE_MS = 10_000;

async function start(): Promise<RunningService> {
  const settings = readConfig(mediaNodeSettings, process.env);
  const nodeId = settings.nodeId || systemIds('node');
  const log = createLogger('media-node', settings.logLevel).child({ nodeId });
  const telemetry = await startTelemetry({ service: 'media-node', nodeId });
  const shared = { clock: systemClock, random: systemRandom, log };
  const name = `media-node ${nodeId}`;
  // Both wait for their server, and say so, until it is there.
  const [bus, store] = await Promise.all([
    connectBus({ ...shared, url: settings.natsUrl, name }),
    connectStore({ ...shared, url: settings.redisUrl, name }),
  ]);
  const parts = { ...shared, ids: systemIds, engine: mediasoupEngine(), bus, store };
  const node = await MediaNode.start(configOf(nodeId, settings), parts);
  // The logger adds the service and the node's id: whoever started the process waits for this line.
  log.info({ event: 'ready', grpcPort: node.grpcPort }, 'ready');
  const { drainDeadlineMs } = settings;
  return {
    stopDeadlineMs: drainDeadlineMs + STOP_GRACE_MS,
    ended: node.ended,
    stop: async (reason) => {
      await node.drain({ withinMs: drainDeadlineMs, givesUpAlone: true });
      await node.stop(reason);
      await Promise.all([bus.close(), store.close()]);
      await telemetry.shutdown();
    },
  };
}

function configOf(
  nodeId: string,
  settings: ReturnType<typeof readConfig<typeof mediaNodeSettings>>,
): MediaNodeConfig {
  const { region, host, announcedAddress, rtcPort, grpcHost, grpcPort } = settings;
  return {
    nodeId,
    region,
    version: VERSION,
    workers: settings.workers || coreCount(),
    listen: { host, rtcPort, announcedAddress: announcedAddress || undefined },
    pipeHost: settings.pipeHost || host,
    grpcHost,
    grpcPort,
    workerPolicy: { maxCpu: settings.maxWorkerCpu, maxSessions: settings.maxWorkerSessions },
    loadLimits: { packetsPerSecond: settings.maxPacketsPerSecond },
    drainDeadlineMs: settings.drainDeadlineMs,
  };
}

await runService(createLogger('media-node', 'info'), start);
