import { connectBus, type Bus, type BusOptions } from '@skein/bus';
import { connectStore, type ClusterStore, type StoreOptions } from '@skein/cluster';
import { SkeinError } from '@skein/protocol';
import { controlService, createRpcClients, createRpcServer, nodeService, type RpcClients } from '@skein/rpc';
import {
  ConfigError,
  systemIds,
  systemRandom,
  type Clock,
  type ConfigOf,
  type RunningService,
} from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { createControlHandlers } from './handlers.ts';
import { createProbes } from './failure-detection/probes.ts';
import { Reconciler } from './reconciler.ts';
import { HealthySince } from './leadership/healthy-since.ts';
import { detectionOf, type DetectionConfig, type controlSettings } from './settings.ts';

/** How long a node may take to report its part of a room; then it counts as silent. */
const NODE_DEADLINE_MS = 1_000;
/** Nodes to which a connection is kept for probes. */
const MAX_PROBED_NODES = 4096;

export interface ControlConfig extends Pick<
  ConfigOf<typeof controlSettings>,
  'logLevel' | 'grpcHost' | 'grpcPort'
> {
  readonly natsUrl: BusOptions['url'];
  readonly redisUrl: StoreOptions['url'];
}

export interface ControlOptions {
  readonly config: ControlConfig & DetectionConfig;
  readonly log: Logger;
  readonly clock: Clock;
}

export interface Control extends RunningService {
  readonly grpcPort: number;
  /** Resolves when store and bus have been reached. Calls that need the store are answered `UNAVAILABLE` until then. */
  readonly ready: Promise<void>;
}

/** Starts control. It listens at once and waits for the store and the bus as long as it takes. */
export async function startControl({ config, log, clock }: ControlOptions): Promise<Control> {
  const clients = createRpcClients({ clock });
  const server = createRpcServer({ host: config.grpcHost, port: config.grpcPort, clock, log });
  const backends = new Backends({ config, log, clock }, clients);
  server.addService(
    controlService,
    createControlHandlers({
      store: () => backends.store,
      askNode: (address, room) =>
        clients
          .client(nodeService, address)
          .getRoomMedia({ room, pipesOnly: true }, { deadlineMs: NODE_DEADLINE_MS }),
      nodeAt: (address) => clients.client(nodeService, address),
      log,
    }),
  );
  const { port: grpcPort } = await server.listen();
  log.info({ event: 'listening', grpcPort }, 'listening; ready when Redis and NATS are reached');
  const { holderId } = backends;
  const ready = backends.connect().then(() => log.info({ event: 'ready', grpcPort, holderId }, 'ready'));
  ready.catch((error: unknown) => {
    if (!backends.stopping && !(error instanceof ConfigError))
      log.error({ err: error }, 'cannot connect to the cluster; control is inactive');
  });
  const ended = ready.then(
    () => new Promise<string>(() => {}),
    (error: unknown) => {
      if (error instanceof ConfigError) throw error;
      return new Promise<string>(() => {});
    },
  );
  ended.catch(() => {});
  return {
    ended,
    grpcPort,
    ready,
    stop: async (reason) => {
      await Promise.all([server.close(), backends.stop(reason)]);
      clients.close();
    },
  };
}

/** The connections to store and bus, and the reconciler that runs over them. */
class Backends {
  readonly #options: ControlOptions;
  readonly #stopped = new AbortController();
  readonly #storeHealth = new HealthySince();
  readonly #busHealth = new HealthySince();
  readonly #clients: RpcClients;
  readonly #probeClients: RpcClients;
  /** Names this control as holder of the leader lease. */
  readonly holderId = systemIds('ctl');
  #store: ClusterStore | undefined;
  #bus: Bus | undefined;
  #reconciler: Reconciler | undefined;

  constructor(options: ControlOptions, clients: RpcClients) {
    this.#options = options;
    this.#clients = clients;
    this.#probeClients = createRpcClients({ clock: options.clock, maxChannels: MAX_PROBED_NODES });
  }

  /** Throws `UNAVAILABLE` until the store has been reached. */
  get store(): ClusterStore {
    if (!this.#store) throw SkeinError.unavailable('the room store');
    return this.#store;
  }

  get stopping(): boolean {
    return this.#stopped.signal.aborted;
  }

  async connect(): Promise<void> {
    const [store, bus] = await Promise.all([this.#connectStore(), this.#connectBus()]);
    this.#stopped.signal.throwIfAborted();
    const { clock, log } = this.#options;
    const health = { storeHealth: this.#storeHealth, busHealth: this.#busHealth };
    this.#reconciler = new Reconciler({
      ...health,
      ...{ store, bus, clock, log, random: systemRandom, holderId: this.holderId },
      nodeAt: (address) => this.#clients.client(nodeService, address),
      probes: createProbes({ bus, clients: this.#probeClients, clock }),
      ...detectionOf(this.#options.config),
    });
    this.#reconciler.start();
  }

  async stop(reason: string): Promise<void> {
    this.#stopped.abort(new Error(`control stops: ${reason}`));
    await this.#reconciler?.stop();
    this.#probeClients.close();
    await Promise.all([this.#store?.close(), this.#bus?.close()]);
  }

  async #connectStore(): Promise<ClusterStore> {
    const { config, clock, log } = this.#options;
    const onStatus = ({ state }: { state: string }): void => {
      if (state === 'disconnected') this.#storeHealth.failed();
    };
    const { signal } = this.#stopped;
    const connection = { url: config.redisUrl, name: 'skein-control', clock, log, signal, onStatus };
    this.#store = await connectStore(connection);
    return this.#store;
  }

  async #connectBus(): Promise<Bus> {
    const { config, clock, log } = this.#options;
    const onStatus = ({ state }: { state: string }): void => {
      if (state === 'disconnected') this.#busHealth.failed();
    };
    const { signal } = this.#stopped;
    const connection = { url: config.natsUrl, name: 'skein-control', clock, log, signal, onStatus };
    this.#bus = await connectBus(connection);
    return this.#bus;
  }
}
