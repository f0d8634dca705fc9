// First, because the other imports do not load under an older Node.js.
import './required-node.ts';
import { connectBus, natsServers } from '@skein/bus';
import { connectStore, storeAddress } from '@skein/cluster';
import {
  readConfig,
  runService,
  systemClock,
  systemIds,
  systemRandom,
  type ConfigOf,
  type RunningService,
} from '@skein/runtime';
import { createLogger, startTelemetry } from '@skein/telemetry';
import { coreCount } from './adapters/cores.ts';
import { mediasoupEngine } from './adapters/mediasoup-engine.ts';
import { planAddresses, type NodeAddresses } from './addresses/address-plan.ts';
import type { MediaNodeConfig } from './node/media-node-config.ts';
import { MediaNode } from './node/media-node.ts';
import { mediaNodeSettings } from './settings.ts';

const VERSION = '0.1.0';
type Settings = ConfigOf<typeof mediaNodeSettings>;

/** Time to stop after a drain; the node itself takes at most 5 s. */
const STOP_GRACE_MS = 10_000;

async function start(): Promise<RunningService> {
  const settings = readConfig(mediaNodeSettings, process.env);
  const workers = settings.workers || coreCount();
  const [nats, redis] = [natsServers(settings), storeAddress(settings)];
  const stores = [...nats.servers, ...(redis.kind === 'server' ? [redis] : redis.sentinels)];
  const addresses = planAddresses(settings, { workers, stores: stores.map(({ host }) => host) });
  const nodeId = settings.nodeId || systemIds('node');
  const log = createLogger('media-node', settings.logLevel).child({ nodeId });
  for (const warning of addresses.warnings) log.warn({}, warning);
  const telemetry = await startTelemetry({ service: 'media-node', nodeId });
  const shared = { clock: systemClock, random: systemRandom, log };
  const name = `media-node ${nodeId}`;
  // Both log, and wait, until their server answers.
  const [bus, store] = await Promise.all([
    connectBus({ ...shared, url: nats, name }),
    connectStore({ ...shared, url: redis, name }),
  ]);
  const deps = { ...shared, ids: systemIds, engine: mediasoupEngine(), bus, store };
  const node = await MediaNode.start(configOf({ nodeId, workers, settings, addresses }), deps);
  // The logger adds the service and the node's id. Launchers of the process wait for this line.
  log.info({ event: 'ready', grpcPort: node.grpcPort }, 'ready');
  const { drainDeadlineMs } = settings;
  return {
    stopDeadlineMs: drainDeadlineMs + STOP_GRACE_MS,
    ended: node.ended,
    stop: async (reason) => {
      if (!node.hasYielded) await node.drain({ withinMs: drainDeadlineMs, givesUpAlone: true });
      await node.stop(reason);
      await Promise.all([bus.close(), store.close()]);
      await telemetry.shutdown();
    },
  };
}

interface ConfigSources {
  readonly nodeId: string;
  readonly workers: number;
  readonly settings: Settings;
  readonly addresses: NodeAddresses;
}

function configOf({ nodeId, workers, settings, addresses }: ConfigSources): MediaNodeConfig {
  const { media, pipes, grpc } = addresses;
  return {
    ...{ nodeId, region: settings.region, version: VERSION, workers },
    ...{ listen: media, pipes, grpc },
    workerPolicy: { maxCpu: settings.maxWorkerCpu, maxSessions: settings.maxWorkerSessions },
    loadLimits: { packetsPerSecond: settings.maxPacketsPerSecond },
    capacityLimits: {
      node: {
        sessions: settings.limitSessions,
        rooms: settings.limitRooms,
        transports: settings.limitTransports,
        tracks: settings.limitTracks,
        subscriptions: settings.limitSubscriptions,
      },
      worker: {
        sessions: settings.workerLimitSessions,
        rooms: settings.workerLimitRooms,
        transports: settings.workerLimitTransports,
        tracks: settings.workerLimitTracks,
        subscriptions: settings.workerLimitSubscriptions,
      },
    },
    drainDeadlineMs: settings.drainDeadlineMs,
  };
}

await runService(createLogger('media-node', 'info'), start);
