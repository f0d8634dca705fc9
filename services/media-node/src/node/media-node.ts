import type { Bus, BusSubscription } from '@skein/bus';
import { openRoomFeeds, type ClusterStore, type RoomFeeds } from '@skein/cluster';
import { subjects, type NodeRecord, type SessionEvent } from '@skein/protocol';
import {
  createRpcClients,
  createRpcServer,
  livenessService,
  nodeService,
  pipeService,
  type MediaCounts,
  type NodeServiceHandlers,
  type RpcClients,
  type RpcServer,
} from '@skein/rpc';
import { hostPort, type Clock, type IdSource, type Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { GrpcAddress } from '../addresses/address-plan.ts';
import { Beats } from '../membership/heartbeat.ts';
import { claimNodeId, nodeIdTaken } from '../membership/node-id-claim.ts';
import { Capacity } from '../capacity/capacity.ts';
import type { CapacityLedger } from '../capacity/ledger.ts';
import type { CapacityLimits } from '../capacity/limits.ts';
import { flowsOf } from './flows.ts';
import { LoadMeter } from '../load/load-meter.ts';
import type { LoadLimits } from '../load/used-share.ts';
import type { MediaEngine, PipeListen, WorkerOptions } from '../media/engine.ts';
import { Drain, type DrainEnd } from '../migrations/drain.ts';
import { Moves } from '../migrations/migrations.ts';
import { defaultMovePolicy, type MovePolicy } from '../migrations/migration-plan.ts';
import { nodeHandlers } from './node-handlers.ts';
import { mediaCounts } from './node-report.ts';
import { PipeRelief } from '../pipes/congestion/relief.ts';
import { pipeHandlers } from './pipe-handlers.ts';
import { Peers } from '../membership/peers.ts';
import { defaultPipePolicy, type PipePolicy } from '../pipes/model/pipe-policy.ts';
import { PipeWatch } from '../pipes/health/pipe-monitor.ts';
import { Witness } from '../membership/witness.ts';
import { Rooms } from '../rooms/rooms.ts';
import { SessionDirectory } from './session-directory.ts';
import type { WorkerPolicy } from '../workers/worker-choice.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { warmUp } from '../workers/warm-up.ts';

/** How long `stop` may take in all; what is not told by then is found out by others. */
const STOP_DEADLINE_MS = 5000;
/** How long sessions may take that are to move for the sake of balance; after that they stay. */
const REBALANCE_WITHIN_MS = 60_000;

export interface MediaNodeConfig {
  readonly nodeId: string;
  readonly region: string;
  readonly version: string;
  readonly workers: number;
  readonly listen: WorkerOptions;
  readonly pipes: PipeListen;
  readonly grpc: GrpcAddress;
  readonly workerPolicy: WorkerPolicy;
  readonly loadLimits: LoadLimits;
  readonly capacityLimits: CapacityLimits;
  /** Default: `defaultPipePolicy`. */
  readonly pipePolicy?: PipePolicy;
  /** How long a drain may take when it does not say so itself. */
  readonly drainDeadlineMs: number;
  /** Default: `defaultMovePolicy`. */
  readonly movePolicy?: MovePolicy;
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
  /** How other nodes are called. Default: over gRPC, straight. */
  readonly clients?: RpcClients;
}

/** A media node: its workers, its rooms, and all that others ask of it. */
export class MediaNode {
  readonly #config: MediaNodeConfig;
  readonly #parts: MediaNodeParts;
  readonly #capacity: Capacity;
  readonly #pool: WorkerPool;
  readonly #feeds: RoomFeeds;
  readonly #peers: Peers;
  readonly #rooms: Rooms;
  readonly #watch: PipeWatch;
  readonly #witness: Witness;
  readonly #relief: PipeRelief;
  readonly #sessions: SessionDirectory;
  readonly #meter: LoadMeter;
  readonly #beats: Beats;
  readonly #rpc: RpcServer;
  readonly #moves: Moves;
  readonly #drain: Drain;
  readonly #ended = Promise.withResolvers<string>();
  /** Names this process, which may outlive a burial and the start that was buried. */
  readonly #instance: string;
  #startedAtMs: number;
  #yielded = false;
  #grpcPort = 0;
  #state: NodeRecord['state'] = 'ready';
  #served: readonly BusSubscription[] = [];
  #stopping: Promise<void> | undefined;

  private constructor(config: MediaNodeConfig, parts: MediaNodeParts) {
    this.#config = config;
    this.#parts = parts;
    const { engine, bus, store, clock, random, ids, log } = parts;
    const { nodeId } = config;
    this.#startedAtMs = clock.now();
    this.#instance = ids('run');
    // Whoever does not wait for the end is not ended by it.
    this.#ended.promise.catch(() => {});
    this.#capacity = new Capacity(config.capacityLimits, () => ({
      sessions: this.#sessions.size,
      rooms: this.#rooms.size,
    }));
    const ledger = (): CapacityLedger => this.#capacity.workerLedger();
    const { workers: count, listen } = config;
    this.#pool = new WorkerPool({ engine, count, listen, clock, random, log, ledger });
    this.#feeds = openRoomFeeds({ bus, rooms: store.rooms, clock, random, log });
    const clients = parts.clients ?? createRpcClients({ clock });
    this.#peers = new Peers({ nodeId, bus, nodes: store.nodes, clients, clock, random });
    const pipePolicy = config.pipePolicy ?? defaultPipePolicy;
    const tell = (sessionId: string, event: SessionEvent): void =>
      bus.publish(subjects.session(sessionId), event);
    this.#rooms = new Rooms({
      ...{ nodeId, clock, random, ids, log, bus },
      pool: this.#pool,
      feeds: this.#feeds,
      rooms: store.rooms,
      peers: this.#peers,
      workerPolicy: config.workerPolicy,
      pipePolicy,
      pipeListen: config.pipes,
      roomLingerMs: config.roomLingerMs,
      tell,
    });
    this.#watch = new PipeWatch({
      ...{ clock, random, peers: this.#peers, policy: pipePolicy },
      rooms: () => this.#rooms.all,
    });
    this.#witness = new Witness({
      ...{ nodeId, bus, clock, log },
      endsFrom: (peerId) => this.#watch.endsFrom(peerId),
      ping: (peerId, withinMs) => this.#peers.ping(peerId, withinMs),
    });
    this.#sessions = new SessionDirectory(this.#rooms, this.#capacity, (session) =>
      this.#moves.ended(session),
    );
    this.#relief = new PipeRelief({ clock, random, log, rooms: () => this.#rooms.all });
    this.#moves = new Moves({ clock, log, tell, policy: config.movePolicy ?? defaultMovePolicy });
    this.#drain = new Drain({
      ...{ clock, log },
      moves: this.#moves,
      sessions: () => this.#sessions.all,
      elsewhere: () => this.#elsewhere(),
    });
    const sessions = (): number => this.#sessions.size;
    this.#meter = new LoadMeter({
      pool: this.#pool,
      clock,
      log,
      limits: config.loadLimits,
      sessions,
      limitsUsed: () => this.#capacity.share,
      flows: () => flowsOf(this.#sessions.all),
    });
    this.#beats = new Beats({
      ...{ bus, clock, random, log, nodes: store.nodes },
      record: (beat, fence) => this.#record(beat, fence),
      onFenced: () => this.#fenced(),
    });
    this.#rpc = createRpcServer({ ...config.grpc, clock, log });
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

  /** Another process has taken this node's id: there is nothing to drain, as its sessions are asked for there. */
  get hasYielded(): boolean {
    return this.#yielded;
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
   * Resolves when the node has emptied itself because it was asked to over gRPC, and is to be stopped. Rejects when another
   * process has taken its id: it is to be stopped as well, as a failure.
   */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /**
   * Takes no more sessions and moves those it has to other nodes. Resolves when none is left, at the deadline, or when
   * there is no other node to move to. Called again, the earlier deadline counts.
   */
  async drain(options: { withinMs: number; givesUpAlone: boolean }): Promise<DrainEnd> {
    this.#takeNoMore();
    await this.#peers.refresh();
    return await this.#drain.begin(options);
  }

  /**
   * Takes no more sessions, ends those that it has and tells their gateways, which go on with them on another node; if
   * there is none, takes their participants out of the rooms. Gives the lease back, closes the workers. At most 5 s.
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { nodeId } = this.#config;
    const { bus, store, clock, log } = this.#parts;
    await claimNodeId({ nodeId, nodes: store.nodes, clock, log });
    await this.#pool.start();
    await warmUp(this.#pool, this.#config.pipes);
    this.#rpc.addService(pipeService, pipeHandlers(this.#rooms));
    this.#rpc.addService(nodeService, this.#handlers());
    this.#rpc.addService(livenessService, { ping: async () => ({}) });
    this.#grpcPort = (await this.#rpc.listen()).port;
    const handle = (message: unknown): Promise<object> => this.#sessions.handle(message);
    this.#served = [
      bus.serve(subjects.nodeSession(nodeId, this.#instance), handle),
      // For who has not heard of this process yet.
      bus.serve(subjects.nodeSession(nodeId), handle),
      bus.serve(subjects.nodePing(nodeId), () => Promise.resolve({})),
    ];
    await bus.flush({ deadlineMs: 5000 });
    this.#meter.start();
    this.#watch.start();
    this.#witness.start();
    this.#relief.start();
    this.#peers.start();
    this.#beats.start();
  }

  async #stop(reason: string): Promise<void> {
    const { clock, log } = this.#parts;
    log.info({ reason, sessions: this.#sessions.size }, 'leaving the cluster');
    this.#takeNoMore();
    this.#moves.close();
    this.#meter.stop();
    await this.#peers.refresh();
    // The other process with this id takes their participants.
    const leave = !this.#yielded && !this.#peers.anyReady;
    const leaving = Promise.all([
      this.#sessions.endAll('node-stopped', { leave }),
      this.#beats.stop(this.nodeId),
    ]);
    const over = new AbortController();
    const deadline = clock.sleep(STOP_DEADLINE_MS - 2000, over.signal).catch(() => {});
    await Promise.race([
      leaving.catch((error: unknown) => log.warn({ err: error }, 'not all were told')),
      deadline,
    ]);
    over.abort();
    for (const served of this.#served) served.close();
    this.#watch.close();
    this.#witness.close();
    this.#relief.close();
    this.#rooms.close();
    this.#peers.close();
    this.#feeds.close();
    await this.#rpc.close({ deadlineMs: 1000 });
    this.#pool.close();
  }

  #record(beat: number, fence: number | undefined): NodeRecord {
    const { nodeId, region, version, workers } = this.#config;
    const startedAtMs = this.#startedAtMs;
    const instance = this.#instance;
    const { load } = this.#meter;
    return {
      nodeId,
      region,
      state: this.#state,
      grpcAddress: this.#grpcAddress(),
      workers,
      version,
      startedAtMs,
      instance,
      fence,
      beat,
      load,
    };
  }

  #grpcAddress(): string {
    const { host, port = this.#grpcPort } = this.#config.grpc.announced;
    return hostPort(host, port);
  }

  /** The state is in a beat at once, so that nobody chooses this node for the next second. */
  #takeNoMore(): void {
    if (this.#state === 'draining') return;
    this.#state = 'draining';
    this.#sessions.stopTaking();
    void this.#beats.now();
  }

  #handlers(): NodeServiceHandlers {
    const { nodeId } = this.#config;
    return nodeHandlers({
      ...{ nodeId, pool: this.#pool, rooms: this.#rooms },
      holds: (sessionId) => this.#sessions.has(sessionId),
      drain: (withinMs) => this.#drainAndEnd(withinMs || this.#config.drainDeadlineMs),
      move: (count) => this.#moveSome(count),
    });
  }

  /** As last known, while the next look is under way. */
  #elsewhere(): boolean {
    void this.#peers.refresh();
    return this.#peers.anyReady;
  }

  #drainAndEnd(withinMs: number): number {
    const sessions = this.#sessions.size;
    void this.drain({ withinMs, givesUpAlone: false }).then((end) => this.#ended.resolve(`drained: ${end}`));
    return sessions;
  }

  #moveSome(count: number): number {
    if (this.#state === 'draining') return 0;
    const chosen = this.#sessions.chooseToMove(count);
    this.#moves.want(chosen, 'rebalance', REBALANCE_WITHIN_MS);
    return chosen.length;
  }

  /** Two with one id would share its requests: this one answers none from now on, and ends. */
  #yield(): void {
    if (this.#yielded) return;
    this.#yielded = true;
    const taken = nodeIdTaken(this.nodeId);
    this.#parts.log.error({ sessions: this.#sessions.size }, taken.message);
    for (const served of this.#served) served.close();
    this.#takeNoMore();
    this.#ended.reject(taken);
  }

  /** The lease is lost: was it taken by another start of this node's id, or was this one taken for dead? */
  async #fenced(): Promise<'retake' | 'yield'> {
    const { store, clock, log } = this.#parts;
    const listed = await store.nodes.list();
    const holder = listed.find(({ record }) => record.nodeId === this.nodeId)?.record;
    if (holder && (holder.instance !== this.#instance || holder.startedAtMs !== this.#startedAtMs)) {
      this.#yield();
      return 'yield';
    }
    this.#startedAtMs = Math.max(clock.now(), this.#startedAtMs + 1);
    log.warn({ sessions: this.#sessions.size }, 'this node was declared dead; it goes on as a new start');
    for (const host of this.#rooms.all) {
      host
        .comeBack()
        .catch((error: unknown) =>
          log.warn(
            { room: host.name, err: error },
            'a room was not read after the burial; its changes will come',
          ),
        );
    }
    return 'retake';
  }
}
