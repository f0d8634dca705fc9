import type { Bus } from '@skein/bus';
import { openNodeDirectory, openRoomFeeds, type ClusterStore, type RoomFeeds } from '@skein/cluster';
import { RestingRedis } from '@skein/cluster/testing';
import { createProbes, Reconciler, HealthySince } from '@skein/control/at-rest';
import { Heartbeat, Peers } from '@skein/media-node/at-rest';
import { subjects, type NodeRecord } from '@skein/protocol';
import type { RpcClients } from '@skein/rpc';
import { seededRandom, type Random } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { CountingHub } from './counting-bus.ts';

export interface RestingSize {
  readonly nodes: number;
  readonly gateways: number;
  readonly controls: number;
  readonly rooms: number;
}

/** What a cluster asks of its servers, per second, while nobody joins, leaves or speaks up. */
export interface RestingRates {
  readonly redisCommands: number;
  readonly redisAnswersKBps: number;
  readonly natsMessages: number;
  readonly natsDeliveries: number;
  readonly grpcCalls: number;
}

/** Until everything has found its pace. */
const WARM_UP_MS = 6_000;
const STEP_MS = 50;
/** Gateways that follow a room; with the nodes that carry it, 3.5 processes. */
const GATEWAYS_PER_ROOM = 2;

/**
 * All processes of a cluster in this one, without media and without clients, in virtual time: the product's own beats,
 * leases, directories, feeds and reconcilers, over a Redis and a NATS that count. Control's sweep of the rooms is left out:
 * one read of each room a minute by the leader.
 */
export class RestingCluster {
  readonly #clock = new FakeClock();
  readonly #random: Random;
  readonly #redis: RestingRedis;
  readonly #hub = new CountingHub();
  readonly #open: { close(): unknown }[] = [];
  #grpcCalls = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    this.#redis = new RestingRedis({ clock: this.#clock, random: this.#random });
  }

  /** Rates over `forMs` of virtual time. */
  async measure(size: RestingSize, forMs: number, signal: AbortSignal): Promise<RestingRates> {
    await this.#start(size);
    await this.#pass(WARM_UP_MS, signal);
    const before = this.#counts();
    await this.#pass(forMs, signal);
    const after = this.#counts();
    for (const one of this.#open) one.close();
    const perSecond = (name: keyof typeof before): number =>
      Math.round(((after[name] - before[name]) * 1000) / forMs);
    return {
      redisCommands: perSecond('redisCommands'),
      redisAnswersKBps: Math.round(perSecond('redisBytes') / 1000),
      natsMessages: perSecond('natsMessages'),
      natsDeliveries: perSecond('natsDeliveries'),
      grpcCalls: perSecond('grpcCalls'),
    };
  }

  async #start({ nodes, gateways, controls, rooms }: RestingSize): Promise<void> {
    const onNodes: RoomFeeds[] = [];
    const onGateways: RoomFeeds[] = [];
    for (let at = 0; at < nodes; at++) onNodes.push(await this.#startNode(`media-node-${at + 1}`));
    for (let at = 0; at < gateways; at++) onGateways.push(await this.#startGateway());
    for (let at = 0; at < controls; at++) await this.#startControl(`ctl_${at}`);
    for (let at = 0; at < rooms; at++) {
      const followers = [...pick(onGateways, at, GATEWAYS_PER_ROOM), ...pick(onNodes, at, 1 + (at % 2))];
      const room = `room-${at}`;
      for (const feeds of followers) feeds.acquire(room, { room, version: 1, participants: [], tracks: [] });
    }
  }

  async #startNode(nodeId: string): Promise<RoomFeeds> {
    const store = await this.#redis.connect();
    const bus = this.#hub.connect();
    const shared = { bus, clock: this.#clock, random: this.#random, log: silentLogger };
    const startedAtMs = this.#clock.now();
    const beats = new Heartbeat({
      ...{ ...shared, nodes: store.nodes },
      record: (beat, fence) => ({ ...recordOf(nodeId), startedAtMs, beat, fence }),
      onFenced: () => Promise.resolve('retake'),
    });
    const peers = new Peers({ ...shared, nodeId, nodes: store.nodes, clients: this.#clients() });
    bus.serve(subjects.nodePing(nodeId), () => Promise.resolve({}));
    peers.start();
    beats.start();
    this.#open.push(peers);
    return this.#feeds(store, bus);
  }

  async #startGateway(): Promise<RoomFeeds> {
    const store = await this.#redis.connect();
    const bus = this.#hub.connect();
    const shared = { bus, clock: this.#clock, random: this.#random, log: silentLogger };
    const directory = openNodeDirectory({ ...shared, nodes: store.nodes });
    await directory.start();
    this.#open.push(directory);
    return this.#feeds(store, bus);
  }

  async #startControl(holderId: string): Promise<void> {
    const store = await this.#redis.connect();
    const bus = this.#hub.connect();
    const clock = this.#clock;
    const clients = this.#clients();
    const { nodes, leader, status } = store;
    const rooms = { ...NO_ROOMS, onRecovered: () => ({ [Symbol.dispose]: () => {} }) };
    const control = new Reconciler({
      ...{ bus, clock, holderId, random: this.#random, log: silentLogger },
      store: { nodes, leader, status, rooms: rooms as unknown as ClusterStore['rooms'] },
      probes: createProbes({ bus, clients, clock }),
      nodeAt: () => {
        throw new Error('nobody is looked for');
      },
      storeHealth: new HealthySince(),
      busHealth: new HealthySince(),
    });
    control.start();
    this.#open.push({ close: () => void control.stop() });
  }

  #feeds(store: ClusterStore, bus: Bus): RoomFeeds {
    const shared = { bus, clock: this.#clock, random: this.#random, log: silentLogger };
    const feeds = openRoomFeeds({ ...shared, rooms: store.rooms });
    this.#open.push(feeds);
    return feeds;
  }

  #clients(): RpcClients {
    const answer = (): Promise<object> => {
      this.#grpcCalls++;
      return Promise.resolve({});
    };
    const client = { getStatus: answer, ping: answer };
    const onConnectionLost = (): Disposable => ({ [Symbol.dispose]: () => {} });
    const clients = { client: () => client, closeChannel: () => {}, onConnectionLost, close: () => {} };
    return clients as unknown as RpcClients;
  }

  async #pass(ms: number, signal: AbortSignal): Promise<void> {
    for (let passed = 0; passed < ms; passed += STEP_MS) {
      signal.throwIfAborted();
      await this.#clock.advance(STEP_MS);
    }
  }

  #counts() {
    const commands = [...this.#redis.commands.values()];
    return {
      redisCommands: commands.reduce((sum, count) => sum + count, 0),
      redisBytes: this.#redis.answeredBytes,
      natsMessages: this.#hub.published,
      natsDeliveries: this.#hub.delivered,
      grpcCalls: this.#grpcCalls,
    };
  }
}

function pick<Item>(items: readonly Item[], from: number, count: number): readonly Item[] {
  const wanted = Math.min(count, items.length);
  return Array.from({ length: wanted }, (_, at) => items[(from + at) % items.length]).flatMap(
    (one) => one ?? [],
  );
}

function recordOf(nodeId: string): Omit<NodeRecord, 'beat' | 'startedAtMs'> {
  return {
    ...{
      nodeId,
      region: 'default',
      state: 'ready',
      grpcAddress: `10.0.0.1:7100`,
      workers: 8,
      version: '0.1.0',
    },
    load: { packetsPerSecond: 43_210.5, busiestWorkerCpu: 0.4321, sessions: 321, used: 0.4321 },
  };
}

const NO_ROOMS = { listRooms: () => Promise.resolve([]) };
