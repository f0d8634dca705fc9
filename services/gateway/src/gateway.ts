import { type BusStatus, connectBus, natsServers, type NatsServers } from '@skein/bus';
import { connectStore, type StoreAddress, storeAddress, type StoreStatus } from '@skein/cluster';
import { limits, SkeinError } from '@skein/protocol';
import { type Clock, ConfigError, type IdSource, type Random, type RunningService } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { startUwsServer, type UwsServer } from './adapters/uws-server.ts';
import { readWebFolder } from './adapters/web-folder.ts';
import type { EdgeDeps } from './edges/edge.ts';
import { type Readiness, readinessOf } from './edges/web/readiness.ts';
import { Router } from './edges/web/router.ts';
import { SIGNAL_PATH, webResources } from './edges/web/routes.ts';
import { securityHeaders } from './edges/web/security-headers.ts';
import type { WebFiles } from './edges/web/web-files.ts';
import { type ConnectionRates, ratesOf } from './edges/websocket/rates.ts';
import { WebSocketEdge } from './edges/websocket/websocket-edge.ts';
import { socketSources } from './gateway-urls.ts';
import type { NodeDeadlines } from './media-sessions/node-client.ts';
import { type Admission, OpenAdmission } from './participants/admission.ts';
import { Clients } from './participants/clients.ts';
import type { Entrance } from './participants/entrance.ts';
import { type Participants, startParticipants, type Stores } from './participants/participants.ts';
import type { GatewaySettings } from './settings.ts';

export interface GatewayOptions {
  readonly settings: GatewaySettings;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  /** Default: NATS and Redis at the settings' addresses. */
  readonly connect?: (signal: AbortSignal) => Promise<Stores>;
  /** Default: the protocol's, 10 s. */
  readonly joinDeadlineMs?: number;
  /** Defaults: 3 s to open a session, 5 s for any other request. */
  readonly nodeDeadlines?: NodeDeadlines;
  /** Bound of one socket's queue. Default 1 MiB. */
  readonly maxBackpressureBytes?: number;
  /** Default: from the settings. */
  readonly rates?: ConnectionRates;
}

export interface Gateway extends RunningService {
  /** Rejects with a `ConfigError` when a connected store cannot be used; never resolves. */
  readonly ended: Promise<string>;
  readonly httpPort: number;
  /** Resolves when both stores have been connected, or with `false` when the gateway was stopped before. */
  readonly connected: Promise<boolean>;
  readonly sockets: number;
  readonly rooms: number;
  /** What its edges stand on. */
  readonly edgeDeps: EdgeDeps;
}

const NODE_DEADLINES: NodeDeadlines = { openMs: 3000, requestMs: 5000 };
/** Window over which draining spreads client reconnects; at most half of the drain deadline. */
const MOVE_OVER_SPREAD_MS = 3000;
const CLOSINGS_DEADLINE_MS = 2000;
const NOT_CONNECTED_RETRY_MS = 1000;

/**
 * Starts a gateway: it listens at once, and clients can join as soon as both stores are connected. Throws a `ConfigError`
 * for settings that contradict each other.
 */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const gateway = new RunningGateway(options);
  await gateway.listen();
  return gateway;
}

class RunningGateway implements Gateway {
  readonly connected: Promise<boolean>;
  readonly ended: Promise<string>;
  readonly edgeDeps: EdgeDeps;
  readonly #options: GatewayOptions;
  readonly #servers: { readonly nats: NatsServers; readonly redis: StoreAddress };
  readonly #admission: Admission;
  readonly #clients: Clients;
  readonly #webSockets: WebSocketEdge;
  readonly #stopping = new AbortController();
  #onUnusable!: (error: ConfigError) => void;
  #setConnected!: (connected: boolean) => void;
  #server: UwsServer | undefined;
  #participants: Participants | undefined;
  #nats: BusStatus['state'] = 'disconnected';
  #redis: StoreStatus['state'] = 'disconnected';
  #connecting: Promise<void> = Promise.resolve();

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { settings, clock, ids, log } = options;
    this.#servers = { nats: natsServers(settings), redis: storeAddress(settings) };
    this.#admission = new OpenAdmission(ids, settings);
    this.#clients = new Clients(clock);
    const { joinDeadlineMs = limits.joinDeadlineMs, rates = ratesOf(settings) } = options;
    const { maxConnections, gatewayUrls } = settings;
    this.edgeDeps = {
      admission: this.#admission,
      entrance: this.#entrance(),
      clients: this.#clients,
      ...{ clock, log },
    };
    this.#webSockets = new WebSocketEdge(
      { maxConnections, gatewayUrls, joinDeadlineMs, rates },
      {
        ...this.edgeDeps,
        broadcaster: { publish: (topic, text) => this.#server?.publish(topic, text) },
      },
    );
    this.connected = new Promise((resolve) => (this.#setConnected = resolve));
    this.ended = new Promise((_, reject) => (this.#onUnusable = reject));
    this.ended.catch(() => {});
  }

  get httpPort(): number {
    return this.#server?.port ?? 0;
  }

  get sockets(): number {
    return this.#clients.size;
  }

  get rooms(): number {
    return this.#participants?.roomCount ?? 0;
  }

  async listen(): Promise<void> {
    const { settings, log, maxBackpressureBytes } = this.#options;
    const web = await readWebFolder(settings.webDir);
    if (!web.find('/index.html'))
      log.warn({ webDir: settings.webDir }, 'web page not found; it has to be built');
    this.#server = await startUwsServer({
      host: settings.host,
      port: settings.port,
      router: this.#router(web),
      socketPaths: [SIGNAL_PATH, `${SIGNAL_PATH}/`],
      upgrade: (head) => this.#webSockets.upgrade(head),
      onError: (error) => log.error({ err: error }, 'HTTP request failed'),
      ...(maxBackpressureBytes !== undefined && { maxBackpressureBytes }),
    });
    const facts = { httpPort: this.httpPort, webFiles: web.count };
    log.info({ event: 'gateway.listening', ...facts }, 'gateway listens');
    this.#connecting = this.#connect();
  }

  async stop(reason: string): Promise<void> {
    const { log, settings } = this.#options;
    const { drainDeadlineMs } = settings;
    const facts = { reason, sockets: this.sockets };
    log.info({ event: 'gateway.draining', ...facts }, 'gateway drains: clients are asked to move');
    this.#stopping.abort(new Error('the gateway stops'));
    this.#server?.stopListening();
    await this.#connecting;
    const spreadMs = Math.min(MOVE_OVER_SPREAD_MS, drainDeadlineMs / 2);
    await this.#clients.drain(drainDeadlineMs, spreadMs);
    if (this.sockets > 0) log.warn({ sockets: this.sockets }, 'drain deadline passed; closing the sockets');
    this.#webSockets.close();
    this.#clients.disconnect();
    await this.#participants?.close(CLOSINGS_DEADLINE_MS);
    this.#server?.close();
  }

  async #connect(): Promise<void> {
    const { settings, log, nodeDeadlines = NODE_DEADLINES, connect = this.#connectStores } = this.#options;
    const { region, roomMaxParticipants: maxParticipants, iceServers, resumeGraceMs } = settings;
    const { clock, random, ids } = this.#options;
    try {
      const stores = await connect(this.#stopping.signal);
      this.#participants = await startParticipants(
        { region, maxParticipants, iceServers, resumeGraceMs, nodeDeadlines },
        { ...stores, admission: this.#admission, clock, random, ids, log },
      );
      this.#setConnected(!this.#stopping.signal.aborted);
    } catch (error) {
      this.#setConnected(false);
      if (error instanceof ConfigError) this.#onUnusable(error);
      else if (!this.#stopping.signal.aborted) log.fatal({ err: error }, 'cluster connection failed');
    }
  }

  readonly #connectStores = async (signal: AbortSignal): Promise<Stores> => {
    const { clock, random, log } = this.#options;
    const shared = { clock, random, log, signal, name: 'skein-gateway' };
    const bus = connectBus({
      ...shared,
      url: this.#servers.nats,
      onStatus: (status) => (this.#nats = status.state),
    });
    const store = connectStore({
      ...shared,
      url: this.#servers.redis,
      onStatus: (status) => (this.#redis = status.state),
    });
    try {
      return { bus: await bus, store: await store };
    } catch (error) {
      // The gateway stopped meanwhile: closes whichever was connected already.
      for (const one of [bus, store]) void one.then((connected) => connected.close()).catch(() => {});
      throw error;
    }
  };

  #router(web: WebFiles): Router {
    const headers = securityHeaders(socketSources(this.#options.settings.gatewayUrls));
    return new Router(webResources({ readiness: () => this.#readiness(), web, headers }));
  }

  /** Clients may connect before the stores do. */
  #entrance(): Entrance {
    const entrance = (): Entrance => {
      if (this.#participants) return this.#participants.entrance;
      throw SkeinError.unavailable('the cluster', undefined, NOT_CONNECTED_RETRY_MS);
    };
    return {
      join: async (request, from) => await entrance().join(request, from),
      resume: async (request, from) => await entrance().resume(request, from),
    };
  }

  #readiness(): Readiness {
    return readinessOf({
      natsConnected: this.#participants?.natsConnected ?? this.#nats === 'connected',
      redisConnected: this.#participants?.redisConnected ?? this.#redis === 'connected',
      readyNodes: this.#participants?.usableNodes ?? 0,
      stopping: this.#stopping.signal.aborted,
    });
  }
}
