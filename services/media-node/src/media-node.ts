import type { Bus, BusSubscription } from '@skein/bus';
import { openRoomFeeds, type ClusterStore, type RoomFeeds } from '@skein/cluster';
import { subjects, type NodeRecord } from '@skein/protocol';
import {
  createRpcClients,
  createRpcServer,
  nodeService,
  pipeService,
  type MediaCounts,
  type RpcServer,
} from '@skein/rpc';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { Beats } from './beats/beats.ts';
import { LoadMeter, type PacketCounter } from './load/meter.ts';
import type { LoadLimits } from './load/used.ts';
import type { MediaEngine, WorkerOptions } from './media/engine.ts';
import { mediaCounts, nodeHandlers } from './node-report.ts';
import { pipeHandlers } from './pipes/handlers.ts';
import { Peers } from './pipes/peers.ts';
import { defaultPipePolicy, type PipePolicy } from './pipes/policy.ts';
import { Rooms } from './rooms/rooms.ts';
import { SessionDirectory } from './sessions/session-directory.ts';
import type { WorkerPolicy } from './workers/choice.ts';
import { WorkerPool } from './workers/pool.ts';
import { warmUp } from './workers/warm-up.ts';

/** How long `stop` may take in all; what is not told by then is found out by others. */
const STOP_DEADLINE_MS = 5000;

export interface MediaNodeConfig {
  readonly nodeId: string;
  readonly region: string;
  readonly version: string;
  readonly workers: number;
  readonly listen: WorkerOptions;
  /** Where other nodes reach pipes and, on any listening address, gRPC. */
  readonly pipeHost: string;
  readonly grpcHost: string;
  readonly grpcPort: number;
  readonly workerPolicy: WorkerPolicy;
  readonly loadLimits: LoadLimits;
  /** Default: `defaultPipePolicy`. */
  readonly pipePolicy?: PipePolicy;
  /** How long an empty room keeps its routers. Default 1000. */
  readonly roomLingerMs?: number;
}

/** What a node runs on. */
export interface MediaNodeParts {
  readonly engine: MediaEngine;
  readonly bus: Bus;
  readonly store: Pick<ClusterStore, 'rooms' | 'nodes'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
}

/** A media node: its workers, its rooms, and all that others ask of it. */
export class MediaNode {
  readonly #config: MediaNodeConfig;
  readonly #parts: MediaNodeParts;
  readonly #pool: WorkerPool;
  readonly #feeds: RoomFeeds;
  readonly #peers: Peers;
  readonly #rooms: Rooms;
  readonly #sessions: SessionDirectory;
  readonly #meter: LoadMeter;
  readonly #beats: Beats;
  readonly #rpc: RpcServer;
  readonly #startedAtMs: number;
  #grpcPort = 0;
  #state: NodeRecord['state'] = 'ready';
  #served: BusSubscription | undefined;
  #stopping: Promise<void> | undefined;

  private constructor(config: MediaNodeConfig, parts: MediaNodeParts) {
    this.#config = config;
    this.#parts = parts;
    const { engine, bus, store, clock, random, ids, log } = parts;
    const { nodeId } = config;
    this.#startedAtMs = clock.now();
    this.#pool = new WorkerPool({ engine, count: config.workers, listen: config.listen, clock, random, log });
    this.#feeds = openRoomFeeds({ bus, rooms: store.rooms, clock, random, log });
    this.#peers = new Peers({ nodeId, bus, nodes: store.nodes, clients: createRpcClients({ clock }) });
    this.#rooms = new Rooms({
      ...{ nodeId, clock, random, ids, log, bus },
      pool: this.#pool,
      feeds: this.#feeds,
      rooms: store.rooms,
      peers: this.#peers,
      workerPolicy: config.workerPolicy,
      pipePolicy: config.pipePolicy ?? defaultPipePolicy,
      pipeHost: config.pipeHost,
      roomLingerMs: config.roomLingerMs,
      tell: (sessionId, event) => bus.publish(subjects.session(sessionId), event),
    });
    this.#sessions = new SessionDirectory(this.#rooms);
    const sessions = (): number => this.#sessions.size;
    const counters = (): readonly PacketCounter[] => this.#counters();
    this.#meter = new LoadMeter({
      pool: this.#pool,
      clock,
      log,
      limits: config.loadLimits,
      sessions,
      counters,
    });
    this.#beats = new Beats({
      ...{ bus, clock, random, log, nodes: store.nodes },
      record: (beat) => this.#record(beat),
      onReplaced: () => this.#replaced(),
    });
    this.#rpc = createRpcServer({ host: config.grpcHost, port: config.grpcPort, clock, log });
    this.#pool.events.on('died', ({ index }) => this.#rooms.workerDied(index));
  }

  /** Starts the workers, serves, and enters the cluster. Rejects, with nothing left behind, when it can't. */
  static async start(config: MediaNodeConfig, parts: MediaNodeParts): Promise<MediaNode> {
    const node = new MediaNode(config, parts);
    try {
      await node.#start();
    } catch (error) {
      await node.stop('could not start');
      throw error;
    }
    return node;
  }

  get nodeId(): string {
    return this.#config.nodeId;
  }

  get grpcPort(): number {
    return this.#grpcPort;
  }

  get counts(): MediaCounts {
    return mediaCounts(this.#rooms);
  }

  get workerPids(): readonly number[] {
    return this.#pool.slots.map(({ pid }) => pid);
  }

  /**
   * Takes no more sessions, tells the clients of those that it has, takes their participants out of the rooms, gives
   * the lease back, closes the workers. At most 5 s.
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { nodeId } = this.#config;
    await this.#pool.start();
    await warmUp(this.#pool);
    this.#rpc.addService(pipeService, pipeHandlers(this.#rooms));
    this.#rpc.addService(nodeService, nodeHandlers({ nodeId, pool: this.#pool, rooms: this.#rooms }));
    this.#grpcPort = (await this.#rpc.listen()).port;
    const { bus } = this.#parts;
    this.#served = bus.serve(subjects.nodeSession(nodeId), (message) => this.#sessions.handle(message));
    await bus.flush({ deadlineMs: 5000 });
    this.#beats.start();
  }

  async #stop(reason: string): Promise<void> {
    const { clock, log } = this.#parts;
    log.info({ reason, sessions: this.#sessions.size }, 'leaving the cluster');
    this.#state = 'draining';
    this.#sessions.stopTaking();
    const leaving = Promise.all([this.#sessions.endAll('node-stopped'), this.#beats.stop(this.nodeId)]);
    const over = new AbortController();
    const deadline = clock.sleep(STOP_DEADLINE_MS - 2000, over.signal).catch(() => {});
    await Promise.race([
      leaving.catch((error: unknown) => log.warn({ err: error }, 'not all were told')),
      deadline,
    ]);
    over.abort();
    this.#served?.close();
    this.#rooms.close();
    this.#peers.close();
    this.#feeds.close();
    await this.#rpc.close({ deadlineMs: 1000 });
    this.#pool.close();
  }

  async #record(beat: number): Promise<NodeRecord> {
    const { nodeId, region, version, workers } = this.#config;
    await this.#meter.sample();
    const startedAtMs = this.#startedAtMs;
    const { load } = this.#meter;
    return {
      nodeId,
      region,
      state: this.#state,
      grpcAddress: this.#grpcAddress(),
      workers,
      version,
      startedAtMs,
      beat,
      load,
    };
  }

  #grpcAddress(): string {
    const { grpcHost, pipeHost } = this.#config;
    const host = grpcHost === '0.0.0.0' || grpcHost === '::' ? pipeHost : grpcHost;
    return host.includes(':') ? `[${host}]:${this.#grpcPort}` : `${host}:${this.#grpcPort}`;
  }

  #counters(): readonly PacketCounter[] {
    return this.#sessions.all.flatMap(({ media }) =>
      media ? [...media.publications.sources, ...media.subscriptions.all.map(({ sink }) => sink)] : [],
    );
  }

  #replaced(): void {
    if (this.#state === 'draining') return;
    this.#parts.log.error(
      { nodeId: this.nodeId },
      'another node with this id has taken the lease; taking no more sessions',
    );
    this.#state = 'draining';
    this.#sessions.stopTaking();
  }
}
