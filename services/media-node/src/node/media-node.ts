import type { BusSubscription } from '@skein/bus';
import { openRoomFeeds, type RoomFeeds } from '@skein/cluster';
import { subjects, type NodeRecord, type SessionEvent } from '@skein/protocol';
import {
  createRpcClients,
  createRpcServer,
  livenessService,
  nodeService,
  pipeService,
  type MediaCounts,
  type NodeServiceHandlers,
  type RpcServer,
} from '@skein/rpc';
import { hostPort } from '@skein/runtime';
import { Capacity } from '../capacity/capacity.ts';
import type { CapacityLedger } from '../capacity/ledger.ts';
import { LoadMeter } from '../load/load-meter.ts';
import { Heartbeat } from '../membership/heartbeat.ts';
import { claimNodeId, nodeIdTaken } from '../membership/node-id-claim.ts';
import { Peers } from '../membership/peers.ts';
import { Witness } from '../membership/witness.ts';
import { Drain, type DrainEnd } from '../migrations/drain.ts';
import { defaultMigrationPolicy } from '../migrations/migration-plan.ts';
import { Migrations } from '../migrations/migrations.ts';
import { PipeRelief } from '../pipes/congestion/relief.ts';
import { PipeMonitor } from '../pipes/health/pipe-monitor.ts';
import { defaultPipePolicy } from '../pipes/model/pipe-policy.ts';
import { Rooms } from '../rooms/rooms.ts';
import { warmUp } from '../workers/warm-up.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { flowsOf } from './flows.ts';
import type { MediaNodeConfig, MediaNodeDeps } from './media-node-config.ts';
import { nodeHandlers } from './node-handlers.ts';
import { mediaCounts } from './node-report.ts';
import { pipeHandlers } from './pipe-handlers.ts';
import { SessionDirectory } from './session-directory.ts';

/** Deadline of `stop`; peers detect the rest by timeout. */
const STOP_DEADLINE_MS = 5000;
/** Deadline of a migration for the sake of balance; after that the session stays. */
const REBALANCE_WITHIN_MS = 60_000;

/** A media node: its workers, its rooms, and the services that it offers to gateways, control and other nodes. */
export class MediaNode {
  readonly #config: MediaNodeConfig;
  readonly #deps: MediaNodeDeps;
  readonly #capacity: Capacity;
  readonly #pool: WorkerPool;
  readonly #feeds: RoomFeeds;
  readonly #peers: Peers;
  readonly #rooms: Rooms;
  readonly #pipeMonitor: PipeMonitor;
  readonly #witness: Witness;
  readonly #relief: PipeRelief;
  readonly #sessions: SessionDirectory;
  readonly #meter: LoadMeter;
  readonly #heartbeat: Heartbeat;
  readonly #rpc: RpcServer;
  readonly #migrations: Migrations;
  readonly #drain: Drain;
  readonly #ended = Promise.withResolvers<string>();
  /** Names this process, which may outlive an eviction and the start that was evicted. */
  readonly #instance: string;
  #startedAtMs: number;
  #yielded = false;
  #grpcPort = 0;
  #state: NodeRecord['state'] = 'ready';
  #served: readonly BusSubscription[] = [];
  #stopping: Promise<void> | undefined;

  private constructor(config: MediaNodeConfig, deps: MediaNodeDeps) {
    this.#config = config;
    this.#deps = deps;
    const { engine, bus, store, clock, random, ids, log } = deps;
    const { nodeId } = config;
    this.#startedAtMs = clock.now();
    this.#instance = ids('run');
    // A caller that does not await `ended` must not crash on it.
    this.#ended.promise.catch(() => {});
    this.#capacity = new Capacity(config.capacityLimits, () => ({
      sessions: this.#sessions.size,
      rooms: this.#rooms.size,
    }));
    const ledger = (): CapacityLedger => this.#capacity.workerLedger();
    const { workers: count, listen } = config;
    this.#pool = new WorkerPool({ engine, count, listen, clock, random, log, ledger });
    this.#feeds = openRoomFeeds({ bus, rooms: store.rooms, clock, random, log });
    const clients = deps.clients ?? createRpcClients({ clock });
    this.#peers = new Peers({ nodeId, bus, nodes: store.nodes, clients, clock, random });
    const pipePolicy = config.pipePolicy ?? defaultPipePolicy;
    const notify = (sessionId: string, event: SessionEvent): void =>
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
      notify,
    });
    this.#pipeMonitor = new PipeMonitor({
      ...{ clock, random, peers: this.#peers, policy: pipePolicy },
      rooms: () => this.#rooms.media,
    });
    this.#witness = new Witness({
      ...{ nodeId, bus, clock, log },
      endsFrom: (peerId) => this.#pipeMonitor.endsFrom(peerId),
      ping: (peerId, withinMs) => this.#peers.ping(peerId, withinMs),
    });
    this.#sessions = new SessionDirectory(this.#rooms, this.#capacity, (session) =>
      this.#migrations.sessionEnded(session),
    );
    this.#relief = new PipeRelief({ clock, random, log, rooms: () => this.#rooms.media });
    this.#migrations = new Migrations({
      clock,
      log,
      notify,
      policy: config.migrationPolicy ?? defaultMigrationPolicy,
    });
    this.#drain = new Drain({
      ...{ clock, log },
      migrations: this.#migrations,
      sessions: () => this.#sessions.all,
      hasOtherNodes: () => this.#hasOtherNodes(),
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
    this.#heartbeat = new Heartbeat({
      ...{ bus, clock, random, log, nodes: store.nodes },
      record: (beat, fence) => this.#record(beat, fence),
      onFenced: () => this.#fenced(),
    });
    this.#rpc = createRpcServer({ ...config.grpc, clock, log });
    this.#pool.events.on('died', ({ index }) => this.#rooms.workerDied(index));
  }

  /** Starts the workers and the services, and joins the cluster. Rejects, with everything freed, when that fails. */
  static async start(config: MediaNodeConfig, deps: MediaNodeDeps): Promise<MediaNode> {
    const node = new MediaNode(config, deps);
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

  /** Another process has taken this node's id: there is nothing to drain, because gateways send requests there. */
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
   * Resolves when a drain that was requested over gRPC has ended. Rejects when another process has taken the node's id.
   * The owner stops the node in both cases; the second one is a failure.
   */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /**
   * Refuses new sessions and migrates the present ones to other nodes. Resolves when none is left, at the deadline, or
   * when there is no other node. When called again, the earlier deadline counts.
   */
  async drain(options: { withinMs: number; givesUpAlone: boolean }): Promise<DrainEnd> {
    this.#refuseSessions();
    await this.#peers.refresh();
    return await this.#drain.begin(options);
  }

  /**
   * Refuses new sessions, ends the present ones, and notifies their gateways, which place them on another node; without
   * one, removes their participants from the rooms. Releases the lease and closes the workers. At most 5 s.
   */
  stop(reason: string): Promise<void> {
    this.#stopping ??= this.#stop(reason);
    return this.#stopping;
  }

  async #start(): Promise<void> {
    const { nodeId } = this.#config;
    const { bus, store, clock, log } = this.#deps;
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
      // For gateways that do not know this process yet.
      bus.serve(subjects.nodeSession(nodeId), handle),
      bus.serve(subjects.nodePing(nodeId), () => Promise.resolve({})),
    ];
    await bus.flush({ deadlineMs: 5000 });
    this.#meter.start();
    this.#pipeMonitor.start();
    this.#witness.start();
    this.#relief.start();
    this.#peers.start();
    this.#heartbeat.start();
  }

  async #stop(reason: string): Promise<void> {
    const { clock, log } = this.#deps;
    log.info(
      { event: 'node.stopping', reason, sessions: this.#sessions.size },
      'this node leaves the cluster',
    );
    this.#refuseSessions();
    this.#migrations.close();
    this.#meter.stop();
    await this.#peers.refresh();
    // After a yield, the other process with this id has their participants.
    const leave = !this.#yielded && !this.#peers.anyReady;
    const leaving = Promise.all([
      this.#sessions.endAll('node-stopped', { leave }),
      this.#heartbeat.stop(this.nodeId),
    ]);
    const over = new AbortController();
    const deadline = clock.sleep(STOP_DEADLINE_MS - 2000, over.signal).catch(() => {});
    await Promise.race([
      leaving.catch((error: unknown) =>
        log.warn({ event: 'node.stop-incomplete', err: error }, 'leaving the cluster failed in part'),
      ),
      deadline,
    ]);
    over.abort();
    for (const served of this.#served) served.close();
    this.#pipeMonitor.close();
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

  /** Announces the state at once, so that no gateway chooses this node in the next second. */
  #refuseSessions(): void {
    if (this.#state === 'draining') return;
    this.#state = 'draining';
    this.#sessions.refuseNew();
    void this.#heartbeat.now();
  }

  #handlers(): NodeServiceHandlers {
    const { nodeId } = this.#config;
    return nodeHandlers({
      ...{ nodeId, pool: this.#pool, rooms: this.#rooms },
      hasSession: (sessionId) => this.#sessions.has(sessionId),
      drain: (withinMs) => this.#drainAndEnd(withinMs || this.#config.drainDeadlineMs),
      migrate: (count) => this.#migrate(count),
    });
  }

  /** As last known; a refresh is started. */
  #hasOtherNodes(): boolean {
    void this.#peers.refresh();
    return this.#peers.anyReady;
  }

  #drainAndEnd(withinMs: number): number {
    const sessions = this.#sessions.size;
    void this.drain({ withinMs, givesUpAlone: false }).then((end) => this.#ended.resolve(`drained: ${end}`));
    return sessions;
  }

  #migrate(count: number): number {
    if (this.#state === 'draining') return 0;
    const chosen = this.#sessions.chooseToMigrate(count);
    this.#migrations.add(chosen, 'rebalance', REBALANCE_WITHIN_MS);
    return chosen.length;
  }

  /** Two processes with one id would share its requests: this one stops serving them, and ends. */
  #yield(): void {
    if (this.#yielded) return;
    this.#yielded = true;
    const taken = nodeIdTaken(this.nodeId);
    this.#deps.log.error({ event: 'node.yielded', sessions: this.#sessions.size }, taken.message);
    for (const served of this.#served) served.close();
    this.#refuseSessions();
    this.#ended.reject(taken);
  }

  /** The lease is lost: either another process took this node's id, or this one was evicted as dead. */
  async #fenced(): Promise<'retake' | 'yield'> {
    const { store, clock, log } = this.#deps;
    const listed = await store.nodes.list();
    const holder = listed.find(({ record }) => record.nodeId === this.nodeId)?.record;
    if (holder && (holder.instance !== this.#instance || holder.startedAtMs !== this.#startedAtMs)) {
      this.#yield();
      return 'yield';
    }
    this.#startedAtMs = Math.max(clock.now(), this.#startedAtMs + 1);
    log.warn(
      { event: 'node.rejoining', sessions: this.#sessions.size },
      'this node was declared dead; rejoining with a new start time',
    );
    for (const room of this.#rooms.all) {
      room
        .rejoin()
        .catch((error: unknown) =>
          log.warn(
            { event: 'room.rejoin-failed', room: room.name, err: error },
            'reading a room after the eviction failed; its changes will follow',
          ),
        );
    }
    return 'retake';
  }
}
