import type { Bus } from '@skein/bus';
import { createMemoryBus, type MemoryBusHub } from '@skein/bus/testing';
import {
  connectStore,
  publishChanges,
  type ClusterStore,
  type Placed,
  type PlaceRequest,
} from '@skein/cluster';
import { startRedis, type RedisServer } from '@skein/local-cluster';
import {
  grantsOfRole,
  subjects,
  type ReadySubscription,
  type Role,
  type RtpParameters,
  type SessionMethod,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
} from '@skein/protocol';
import { createRpcClients, nodeService, type NodeServiceClient } from '@skein/rpc';
import { systemClock, systemIds, systemRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { directEngine, type DirectEngine } from './adapters/direct-engine.ts';
import type { TestWires } from './wires.ts';
import type { MediaEngine } from '../media/engine.ts';
import type { MediaNodeConfig } from '../node/media-node-config.ts';
import { MediaNode } from '../node/media-node.ts';
import { defaultPipePolicy, type PipePolicy } from '../pipes/model/pipe-policy.ts';
import { anyOpening } from './rtp-parameters.ts';

/** Short lingers and backoffs, so that tests need not wait. */
export const quickPipes: PipePolicy = {
  ...defaultPipePolicy,
  lingerMs: 100,
  handoverMs: 500,
  backoff: { firstMs: 20, maxMs: 200 },
};

/** More than any test takes. */
export const PLENTY = { sessions: 1e6, rooms: 1e6, transports: 1e6, tracks: 1e6, subscriptions: 1e6 };

export type NodeOptions = Partial<MediaNodeConfig> & { readonly engine?: MediaEngine };

/** Several media nodes in one process, with real workers, Redis and gRPC, and a bus in memory. */
export class TestCluster implements AsyncDisposable {
  readonly hub: MemoryBusHub = createMemoryBus();
  readonly engine: DirectEngine = directEngine();
  readonly redis: RedisServer;
  readonly store: ClusterStore;
  readonly bus: Bus;
  readonly nodes: MediaNode[] = [];
  readonly #clients = createRpcClients();
  readonly #wires: TestWires | undefined;

  private constructor(redis: RedisServer, store: ClusterStore, wires: TestWires | undefined) {
    this.#wires = wires;
    this.redis = redis;
    this.store = store;
    this.bus = this.hub.connect('gateway');
  }

  /** `wires`: the network between the nodes. Default: direct connections. */
  static async start(wires?: TestWires): Promise<TestCluster> {
    const redis = await startRedis();
    const store = await connectStore({ url: redis.url, clock: systemClock, name: 'test' });
    return new TestCluster(redis, store, wires);
  }

  /** `engine`: instead of the cluster's own. */
  async addNode({ engine: own, ...given }: NodeOptions = {}): Promise<MediaNode> {
    const config: MediaNodeConfig = {
      nodeId: `node-${this.nodes.length + 1}`,
      region: 'default',
      version: 'test',
      workers: 1,
      listen: { listen: [{ ip: '127.0.0.1', announced: [] }], rtcPort: 0 },
      pipes: { ip: '127.0.0.1' },
      grpc: {
        host: '127.0.0.1',
        port: this.#wires?.grpcPort(given.nodeId ?? '') ?? 0,
        announced: { host: '127.0.0.1' },
      },
      workerPolicy: { maxCpu: 2, maxSessions: 1000 },
      loadLimits: { packetsPerSecond: 100_000 },
      capacityLimits: { node: PLENTY, worker: PLENTY },
      drainDeadlineMs: 10_000,
      pipePolicy: quickPipes,
      roomLingerMs: 50,
      ...given,
    };
    const shared = { clock: systemClock, random: systemRandom, ids: systemIds, log: silentLogger };
    const bus = this.hub.connect(config.nodeId);
    const wired = this.#wires && { clients: this.#wires.clientsOf(config.nodeId) };
    const engine = own ?? this.#wires?.engineOf(config.nodeId, this.engine) ?? this.engine;
    const node = await MediaNode.start(config, { ...shared, ...wired, engine, store: this.store, bus });
    this.nodes.push(node);
    return node;
  }

  status(node: MediaNode): NodeServiceClient {
    return this.#clients.client(nodeService, `127.0.0.1:${node.grpcPort}`);
  }

  /** Places a participant on a node and opens its session, as a gateway does. */
  async join(
    node: MediaNode,
    room: string,
    identity: string,
    autoSubscribe = false,
    role: Role = 'participant',
  ): Promise<TestSession> {
    const session = await this.place(node, room, identity, role);
    const answer = await session.request('open', { ...session.opening, autoSubscribe });
    session.subscriptions = answer.subscriptions;
    return session;
  }

  async place(
    node: MediaNode,
    room: string,
    identity: string,
    role: Role = 'participant',
  ): Promise<TestSession> {
    const placed = await this.store.rooms.place({ ...placeRequest(node, room, identity), role });
    return this.#placed(node, room, placed, role);
  }

  /** Places a session's participant on another node and opens its new session, as a gateway does. */
  async move(from: TestSession, node: MediaNode, autoSubscribe = false): Promise<TestSession> {
    const { room, identity, epoch } = from.ref;
    const request = { ...placeRequest(node, room, identity), fromEpoch: epoch, reason: 'test' };
    const session = this.#placed(node, room, await this.store.rooms.move(request));
    session.subscriptions = (
      await session.request('open', { ...session.opening, autoSubscribe })
    ).subscriptions;
    return session;
  }

  #placed(
    { nodeId }: MediaNode,
    room: string,
    { changes, participant, snapshot }: Placed,
    role: Role = 'participant',
  ): TestSession {
    publishChanges(this.bus, room, changes);
    const { identity, sessionId, epoch } = participant;
    const opening = {
      roomVersion: snapshot.version,
      grants: grantsOfRole[role],
      entry: role === 'viewer' ? participant : undefined,
    };
    return new TestSession(this, { nodeId, room, identity, sessionId, epoch }, opening);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.hub.setDown(false);
    await Promise.all(this.nodes.map((node) => node.stop('test is over')));
    this.#clients.close();
    await this.store.close();
    await this.redis[Symbol.asyncDispose]();
    await this.#wires?.[Symbol.asyncDispose]();
  }
}

function placeRequest({ nodeId }: MediaNode, room: string, identity: string): PlaceRequest {
  return {
    ...{ room, identity, name: identity, sessionId: systemIds('ses'), maxParticipants: 100 },
    candidates: { fallbackNodeId: nodeId, openNodeIds: [nodeId], preferredNodeId: nodeId },
  };
}

/** One participant's session, as its gateway sees it. */
export class TestSession {
  readonly ref: SessionRef;
  readonly opening: SessionRequest<'open'>;
  /** The events that the node published to the gateway. */
  readonly events: unknown[] = [];
  subscriptions: ReadySubscription[] = [];
  readonly #cluster: TestCluster;
  readonly #bus: Bus;

  constructor(
    cluster: TestCluster,
    ref: SessionRef,
    opening: Pick<SessionRequest<'open'>, 'roomVersion' | 'grants' | 'entry'>,
  ) {
    this.#cluster = cluster;
    this.ref = ref;
    this.opening = { ...anyOpening, ...opening, identity: ref.identity };
    this.#bus = cluster.bus;
    this.#bus.subscribe(subjects.session(ref.sessionId), (event) => this.events.push(event));
  }

  /** `with`: fields of the envelope to send instead. */
  async request<Method extends SessionMethod>(
    method: Method,
    data: unknown,
    envelope: Record<string, unknown> = {},
  ): Promise<SessionResponse<Method>> {
    const { nodeId, room, sessionId, epoch } = this.ref;
    const request = { room, sessionId, epoch, method, data, ...envelope };
    const answer = await this.#bus.request(subjects.nodeSession(nodeId), request, { deadlineMs: 5000 });
    return answer as SessionResponse<Method>;
  }

  publishAudio(trackId: string, rtpParameters: RtpParameters): Promise<unknown> {
    return this.request('publish', { trackId, kind: 'audio', source: 'microphone', rtpParameters });
  }

  publishVideo(trackId: string, rtpParameters: RtpParameters): Promise<unknown> {
    return this.request('publish', { trackId, kind: 'video', source: 'camera', rtpParameters });
  }

  /** Subscribes and resumes. */
  async watch(trackId: string): Promise<ReadySubscription> {
    const subscription = await this.request('subscribe', { trackId });
    const { subscriptionId } = subscription;
    await this.request('updateSubscriptions', { updates: [{ subscriptionId, paused: false }] });
    return subscription;
  }

  leave(): Promise<unknown> {
    return this.request('close', { reason: 'left' });
  }

  /** RTP packets that this session has received of a subscription. */
  received({ rtpParameters }: ReadySubscription): readonly Buffer[] {
    return this.#cluster.engine.received(rtpParameters);
  }
}
