import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessExit } from '../launch-error.ts';
import {
  inheritedEnv,
  planMediaNode,
  planServices,
  type ClusterPlanInput,
  type ServiceHost,
  type ServicePlan,
} from '../service-plan.ts';
import { startNats, type NatsServer } from './nats.ts';
import { freePort } from './ports.ts';
import { startRedisGroup, type RedisGroup } from './redis-group.ts';
import type { RedisSentinel } from './redis-sentinel.ts';
import { startRedis, type RedisServer } from './redis.ts';
import {
  ControlProcess,
  GatewayProcess,
  MediaNodeProcess,
  repositoryRoot,
  type ServicePlace,
  webDir,
} from './services.ts';
import type { ProcessStatus } from './supervised.ts';

export interface ClusterOptions {
  /** Default 2. */
  readonly gateways?: number;
  /** Default 3. */
  readonly mediaNodes?: number;
  /** Default 1. The first one is `control`, the others `control-2`, ... */
  readonly controls?: number;
  /** mediasoup workers of each media node. Default `SKEIN_NODE_WORKERS` of `env`, else 1: all nodes share this machine. */
  readonly workersPerNode?: number;
  /** A Redis that runs already. Default: one is started, and stopped with the cluster. */
  readonly redisUrl?: string | undefined;
  /** Starts two Redis servers, one the replica of the other, with sentinels that make it the primary. Default: one server. */
  readonly redisFailsOver?: boolean | undefined;
  /** A NATS that runs already. Default: one is started, and stopped with the cluster. */
  readonly natsUrl?: string | undefined;
  /** Added to every service's environment, for instance `SKEIN_LOG_LEVEL`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Each process' output goes to `<name>.log` in this folder. Default: only its last lines are kept, in memory. */
  readonly logDir?: string | undefined;
  /** The first gateway's port, the others' follow. Default: free ones. */
  readonly basePort?: number | undefined;
  /** Default: one that the system chooses. */
  readonly controlPort?: number;
  /** The folder of the services. Default: this repository's `services`. */
  readonly servicesDir?: string;
  /** Where media nodes run, by name (`media-node-1`, ...). Default: all on this machine, at 127.0.0.1. */
  readonly hosts?: Readonly<Record<string, ServiceHost>> | undefined;
  /** Address on which the started Redis and NATS listen. Default 127.0.0.1. */
  readonly serverAddress?: string | undefined;
  /** Port of the started NATS' monitoring pages, on `serverAddress`. Default: there are none. */
  readonly natsMonitoringPort?: number | undefined;
  /** A process ended that nobody asked to. */
  readonly onUnexpectedExit?: (process: ClusterProcess, exit: ProcessExit) => void;
}

/** One process of the cluster, as a table shows it. */
export interface ClusterProcess {
  readonly name: string;
  readonly status: ProcessStatus;
  readonly address: string;
  readonly logFile: string | undefined;
}

type Service = GatewayProcess | MediaNodeProcess | ControlProcess;
type Server = RedisServer | NatsServer | RedisSentinel;

/** Real NATS, Redis and Skein services as child processes on this machine. */
export class LocalCluster implements AsyncDisposable {
  readonly gateways: readonly GatewayProcess[];
  readonly controls: readonly ControlProcess[];
  /** `undefined` when the cluster uses one that it was given, or a group. */
  readonly redis: RedisServer | undefined;
  /** With `redisFailsOver`. */
  readonly redisGroup: RedisGroup | undefined;
  readonly nats: NatsServer | undefined;
  readonly redisUrl: string;
  readonly natsUrl: string;

  readonly #mediaNodes: MediaNodeProcess[];
  readonly #addMediaNode: (name: string) => MediaNodeProcess;

  constructor(
    servers: Servers,
    services: readonly Service[],
    addMediaNode: (name: string) => MediaNodeProcess,
  ) {
    this.#addMediaNode = addMediaNode;
    this.redis = servers.redis;
    this.redisGroup = servers.redisGroup;
    this.nats = servers.nats;
    this.redisUrl = servers.redisUrl;
    this.natsUrl = servers.natsUrl;
    this.gateways = services.filter((service) => service instanceof GatewayProcess);
    this.#mediaNodes = services.filter((service) => service instanceof MediaNodeProcess);
    this.controls = services.filter((service) => service instanceof ControlProcess);
  }

  /** The first one. */
  get control(): ControlProcess | undefined {
    return this.controls[0];
  }

  /** With those that were added later, and those that have ended. */
  get mediaNodes(): readonly MediaNodeProcess[] {
    return this.#mediaNodes;
  }

  /** All processes with their state, servers first. */
  processes(): ClusterProcess[] {
    return [...this.#servers.map(describeServer), ...this.#services().map(describeService)];
  }

  /** Starts one more media node, the next by number, and waits until it serves. */
  async addMediaNode(): Promise<MediaNodeProcess> {
    const node = this.#addMediaNode(`media-node-${this.mediaNodes.length + 1}`);
    this.#mediaNodes.push(node);
    await node.start();
    return node;
  }

  /** Stops all, the services before the servers that they use. Nothing is left behind. Safe to repeat. */
  async stop(): Promise<void> {
    await Promise.all(this.#services().map((service) => service.stop()));
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  get #servers(): Server[] {
    return listServers(this);
  }

  #services(): Service[] {
    return [...this.gateways, ...this.mediaNodes, ...this.controls];
  }
}

interface Servers {
  readonly redis: RedisServer | undefined;
  readonly redisGroup: RedisGroup | undefined;
  readonly nats: NatsServer | undefined;
  readonly redisUrl: string;
  readonly natsUrl: string;
}

function listServers({ redis, redisGroup, nats }: Omit<Servers, 'redisUrl' | 'natsUrl'>): Server[] {
  // Sentinels first: they would fail over a Redis that is stopped.
  const all = [...(redisGroup?.sentinels ?? []), ...(redisGroup?.servers ?? []), redis, nats];
  return all.filter((server) => server !== undefined);
}

/**
 * Starts a cluster and waits until every service serves. The services must be built. If one does not start, all are
 * stopped again, and the `LaunchError` names it with its last lines.
 */
export async function startCluster(options: ClusterOptions = {}): Promise<LocalCluster> {
  const { logDir, onUnexpectedExit, servicesDir = join(repositoryRoot, 'services') } = options;
  if (logDir !== undefined) mkdirSync(logDir, { recursive: true });
  const servers = await startServers(options);
  const plan = await planFor(options, servers);
  const place = (name: string): ServicePlace => ({ logFile: logFileOf(logDir, name), servicesDir });
  const watched = <Kind extends Service>(service: Kind): Kind => {
    service.onUnexpectedExit = (exit) => onUnexpectedExit?.(describeService(service), exit);
    return service;
  };
  const services = planServices(plan).map((service) => createService(service, place(service.name)));
  const cluster = new LocalCluster(servers, services, (name) =>
    watched(new MediaNodeProcess(planMediaNode(plan, name), place(name))),
  );
  try {
    await allOrFirstFailure(services.map((service) => service.start()));
  } catch (error) {
    await cluster.stop();
    throw error;
  }
  services.forEach(watched);
  for (const server of listServers(servers)) {
    server.onUnexpectedExit = (exit) => onUnexpectedExit?.(describeServer(server), exit);
  }
  return cluster;
}

async function startServers(options: ClusterOptions): Promise<Servers> {
  const { natsUrl, logDir, serverAddress: host, natsMonitoringPort: monitoringPort } = options;
  const store = await startStore(options);
  try {
    const logFile = logFileOf(logDir, 'nats');
    const nats = natsUrl === undefined ? await startNats({ logFile, host, monitoringPort }) : undefined;
    return { ...store, nats, natsUrl: natsUrl ?? nats?.url ?? '' };
  } catch (error) {
    await Promise.all([store.redis?.[Symbol.asyncDispose](), store.redisGroup?.[Symbol.asyncDispose]()]);
    throw error;
  }
}

async function startStore(options: ClusterOptions): Promise<Omit<Servers, 'nats' | 'natsUrl'>> {
  const { redisUrl, redisFailsOver = false, logDir, serverAddress: host } = options;
  const none = { redis: undefined, redisGroup: undefined };
  if (redisUrl !== undefined) return { ...none, redisUrl };
  if (redisFailsOver) {
    const redisGroup = await startRedisGroup({ logFileOf: (name) => logFileOf(logDir, name), host });
    return { ...none, redisGroup, redisUrl: redisGroup.url };
  }
  const redis = await startRedis({ logFile: logFileOf(logDir, 'redis'), host });
  return { ...none, redis, redisUrl: redis.url };
}

async function planFor(options: ClusterOptions, { natsUrl, redisUrl }: Servers): Promise<ClusterPlanInput> {
  const {
    gateways = 2,
    mediaNodes = 3,
    controls = 1,
    workersPerNode = 1,
    basePort,
    controlPort = 0,
  } = options;
  const gatewayPorts: number[] = [];
  while (gatewayPorts.length < gateways) {
    const port = basePort === undefined ? await freePort() : basePort + gatewayPorts.length;
    if (!gatewayPorts.includes(port)) gatewayPorts.push(port);
  }
  const env = { ...inheritedEnv(process.env), ...options.env };
  const counts = { gateways, mediaNodes, controls, workersPerNode };
  return { ...counts, natsUrl, redisUrl, gatewayPorts, controlPort, webDir, env, hosts: options.hosts };
}

function createService(plan: ServicePlan, place: ServicePlace): Service {
  switch (plan.kind) {
    case 'gateway':
      return new GatewayProcess(plan, place);
    case 'media-node':
      return new MediaNodeProcess(plan, place);
    case 'control':
      return new ControlProcess(plan, place);
  }
}

/** Waits for all, also after a failure, so that nothing starts during the cleanup. */
async function allOrFirstFailure(starts: readonly Promise<unknown>[]): Promise<void> {
  const results = await Promise.allSettled(starts);
  const failure = results.find((result) => result.status === 'rejected');
  if (failure) throw failure.reason;
}

function describeService(service: Service): ClusterProcess {
  return { name: service.name, status: service.status, address: service.address, logFile: service.logFile };
}

function describeServer(server: Server): ClusterProcess {
  return { name: server.name, status: server.status, address: server.url, logFile: server.logFile };
}

function logFileOf(logDir: string | undefined, name: string): string | undefined {
  return logDir === undefined ? undefined : join(logDir, `${name}.log`);
}
