import { connectBus, natsServers } from '@skein/bus';
import type { BusStatus, NatsServers } from '@skein/bus';
import { connectStore, storeAddress } from '@skein/cluster';
import type { StoreAddress, StoreStatus } from '@skein/cluster';
import { limits, SkeinError } from '@skein/protocol';
import { ConfigError } from '@skein/runtime';
import type { RunningService } from '@skein/runtime';
import { readWebFolder } from './adapters/web-folder.ts';
import { startWebServer } from './adapters/uws-server.ts';
import type { SocketHandler, WebServer } from './adapters/uws-server.ts';
import { Connection, encodeWelcome } from './edges/websocket/connection.ts';
import { Connections } from './edges/websocket/connections.ts';
import { ratesOf } from './edges/websocket/rates.ts';
import type { ConnectionRates } from './edges/websocket/rates.ts';
import type { Socket } from './edges/websocket/socket.ts';
import { socketSources } from './gateway-urls.ts';
import { readinessOf } from './edges/web/readiness.ts';
import type { Readiness } from './edges/web/readiness.ts';
import { answerFault, answerHttp } from './edges/web/routes.ts';
import type { HttpAnswer, HttpRequestHead } from './edges/web/routes.ts';
import { securityHeaders } from './edges/web/security-headers.ts';
import type { SecurityHeaders } from './edges/web/security-headers.ts';
import type { WebFiles } from './edges/web/web-files.ts';
import type { NodeDeadlines } from './media-sessions/node-client.ts';
import type { GatewaySettings } from './settings.ts';
import { startSignaling } from './participants/participants.ts';
import type { Signaling, Stores, Surroundings } from './participants/participants.ts';

export interface GatewayOptions extends Surroundings {
  readonly settings: GatewaySettings;
  /** Default: NATS and Redis at the settings' addresses. */
  readonly connect?: (signal: AbortSignal) => Promise<Stores>;
  /** Default: the protocol's, 10 s. */
  readonly joinDeadlineMs?: number;
  /** Defaults: 3 s to open a session, 5 s for anything else. */
  readonly nodeDeadlines?: NodeDeadlines;
  /** What may be queued for one socket. Default 1 MiB. */
  readonly maxBackpressureBytes?: number;
  /** Default: as the settings say. */
  readonly rates?: ConnectionRates;
}

export interface Gateway extends RunningService {
  /** Rejects with a `ConfigError` when a store that was reached cannot be used; never resolves. */
  readonly ended: Promise<string>;
  readonly httpPort: number;
  /** Resolves when both stores have been connected, or with `false` when the gateway was stopped before. */
  readonly connected: Promise<boolean>;
  readonly sockets: number;
  readonly rooms: number;
}

const NODE_DEADLINES: NodeDeadlines = { openMs: 3000, requestMs: 5000 };
/** Clients of a gateway that stops come to the others spread over this time, or half of what there is. */
const MOVE_OVER_SPREAD_MS = 3000;
const ENDINGS_DEADLINE_MS = 2000;
const NOT_CONNECTED_RETRY_MS = 1000;

/**
 * Starts a gateway: it listens at once, and brings clients into rooms as soon as both stores are there. Throws a `ConfigError`
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
  #onUnusable!: (error: ConfigError) => void;
  readonly #options: GatewayOptions;
  readonly #connections: Connections;
  readonly #servers: { readonly nats: NatsServers; readonly redis: StoreAddress };
  readonly #welcome: string;
  readonly #headers: SecurityHeaders;
  readonly #stopping = new AbortController();
  #setConnected!: (connected: boolean) => void;
  #server: WebServer | undefined;
  #signaling: Signaling | undefined;
  #nats: BusStatus['state'] = 'disconnected';
  #redis: StoreStatus['state'] = 'disconnected';
  #connecting: Promise<void> = Promise.resolve();

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { gatewayUrls } = options.settings;
    this.#welcome = encodeWelcome(gatewayUrls);
    this.#headers = securityHeaders(socketSources(gatewayUrls));
    const { settings } = options;
    this.#servers = { nats: natsServers(settings), redis: storeAddress(settings) };
    this.#connections = new Connections(options.clock);
    this.connected = new Promise((resolve) => (this.#setConnected = resolve));
    this.ended = new Promise((_, reject) => (this.#onUnusable = reject));
    this.ended.catch(() => {});
  }

  get httpPort(): number {
    return this.#server?.port ?? 0;
  }

  get sockets(): number {
    return this.#connections.size;
  }

  get rooms(): number {
    return this.#signaling?.rooms.size ?? 0;
  }

  async listen(): Promise<void> {
    const { settings, log, maxBackpressureBytes } = this.#options;
    const web = await readWebFolder(settings.webDir);
    if (!web.find('/index.html'))
      log.warn({ webDir: settings.webDir }, 'there is no web page; it has to be built');
    this.#server = await startWebServer({
      host: settings.host,
      port: settings.port,
      maxConnections: settings.maxConnections,
      handleHttp: (request) => this.#answer(request, web),
      handleSocket: (socket) => this.#accept(socket),
      ...(maxBackpressureBytes !== undefined && { maxBackpressureBytes }),
    });
    log.info({ httpPort: this.httpPort, webFiles: web.count }, 'listening');
    this.#connecting = this.#connect();
  }

  async stop(reason: string): Promise<void> {
    const { drainDeadlineMs } = this.#options.settings;
    this.#options.log.info({ reason, sockets: this.sockets }, 'asking all clients to move over');
    this.#stopping.abort(new Error('the gateway stops'));
    this.#server?.stopListening();
    await this.#connecting;
    const spreadMs = Math.min(MOVE_OVER_SPREAD_MS, drainDeadlineMs / 2);
    await this.#connections.drain(drainDeadlineMs, spreadMs);
    if (this.sockets > 0)
      this.#options.log.warn({ sockets: this.sockets }, 'closing the sockets that are left');
    this.#connections.goAway();
    await this.#signaling?.close(ENDINGS_DEADLINE_MS);
    this.#server?.close();
  }

  async #connect(): Promise<void> {
    const { settings, log, nodeDeadlines = NODE_DEADLINES, connect = this.#connectStores } = this.#options;
    try {
      const stores = await connect(this.#stopping.signal);
      const broadcaster = { publish: (topic: string, text: string) => this.#server?.publish(topic, text) };
      this.#signaling = await startSignaling(stores, { settings, nodeDeadlines, broadcaster }, this.#options);
      this.#setConnected(!this.#stopping.signal.aborted);
    } catch (error) {
      this.#setConnected(false);
      if (error instanceof ConfigError) this.#onUnusable(error);
      else if (!this.#stopping.signal.aborted) log.fatal({ err: error }, 'could not connect to the cluster');
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
      // The gateway stops while it waits: whichever was there already is let go.
      for (const one of [bus, store]) void one.then((connected) => connected.close()).catch(() => {});
      throw error;
    }
  };

  /** The server would end the process if a request got no answer. */
  #answer(request: HttpRequestHead, web: WebFiles): HttpAnswer {
    try {
      return answerHttp(request, { readiness: () => this.#readiness(), web, headers: this.#headers });
    } catch (error) {
      this.#options.log.error({ err: error }, 'an HTTP request failed');
      return answerFault();
    }
  }

  #accept(socket: Socket): SocketHandler {
    const { clock, log, joinDeadlineMs = limits.joinDeadlineMs } = this.#options;
    const cluster = (): Signaling => this.#connectedSignaling();
    const connection = new Connection(socket, {
      clock,
      log,
      cluster,
      joinDeadlineMs,
      welcome: this.#welcome,
      rates: this.#rates(),
    });
    this.#connections.add(connection);
    return {
      receive: (bytes, isBinary) => connection.receive(bytes, isBinary),
      heard: () => connection.heard(),
      handleOverflow: () => connection.handleOverflow(),
      handleDrain: () => connection.handleDrain(),
      handleClosed: (code) => {
        this.#connections.remove(connection);
        connection.handleClosed(code);
      },
    };
  }

  #rates(): ConnectionRates {
    return this.#options.rates ?? ratesOf(this.#options.settings);
  }

  #connectedSignaling(): Signaling {
    if (this.#signaling) return this.#signaling;
    throw SkeinError.unavailable('the cluster', undefined, NOT_CONNECTED_RETRY_MS);
  }

  #readiness(): Readiness {
    return readinessOf({
      natsConnected: this.#signaling?.natsConnected ?? this.#nats === 'connected',
      redisConnected: this.#signaling?.redisConnected ?? this.#redis === 'connected',
      readyNodes: this.#signaling?.usableNodes ?? 0,
      stopping: this.#stopping.signal.aborted,
    });
  }
}
