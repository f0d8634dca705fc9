import { createMemoryBus, type MemoryBusHub } from '@skein/bus/testing';
import type { Bus } from '@skein/bus';
import { limits, PROTOCOL_VERSION, routerRtpCapabilities, subjects } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import type { Clock } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { eventually } from '@skein/testkit';
import { Connection, encodeWelcome } from '../edges/websocket/connection.ts';
import { startSignaling } from '../participants/participants.ts';
import type { ConnectionRates } from '../edges/websocket/rates.ts';
import type { Signaling } from '../participants/participants.ts';
import { FakeNetwork, FakeSocket } from './fake-socket.ts';
import type { Heard } from './fake-socket.ts';
import { MemoryStore } from './memory-store.ts';
import { ScriptedNode } from './scripted-node.ts';

export interface MemoryGateway {
  readonly bus: Bus;
  readonly network: FakeNetwork;
  readonly signaling: Signaling;
}

/** Gateways' signaling over a bus and a store in memory, with scripted nodes and a clock moved by hand. */
export class MemoryCluster implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly hub: MemoryBusHub;
  readonly store = new MemoryStore();
  readonly nodes: ScriptedNode[] = [];
  readonly #gateways: MemoryGateway[] = [];
  readonly #maxParticipants: number;
  /** Whether clients may name their nodes, at gateways that are added from now on. */
  nodeChoice = true;
  #ids = 0;

  private constructor(maxParticipants: number) {
    this.hub = createMemoryBus({ clock: this.clock });
    this.#maxParticipants = maxParticipants;
  }

  static async start({ nodes = 1, maxParticipants = 10 } = {}): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(maxParticipants);
    for (let number = 1; number <= nodes; number++) cluster.addNode(`node-${number}`);
    await cluster.addGateway();
    return cluster;
  }

  /** `startedAtMs`: another one than before is another start of the node. */
  addNode(nodeId: string, startedAtMs = 1): ScriptedNode {
    this.store.addNode(nodeId, startedAtMs);
    const node = new ScriptedNode(this.hub.connect(nodeId), this.store, nodeId);
    this.nodes.push(node);
    return node;
  }

  async addGateway(): Promise<MemoryGateway> {
    const settings = {
      ...{ region: 'default', roomMaxParticipants: this.#maxParticipants, iceServers: [] },
      ...{ resumeGraceMs: 15_000, nodeChoice: this.nodeChoice },
    };
    const nodeDeadlines = { openMs: 3000, requestMs: 5000 };
    const network = new FakeNetwork();
    const bus = this.hub.connect('gateway');
    const { store, clock } = this;
    const signaling = await startSignaling(
      { bus, store },
      { settings, nodeDeadlines, broadcaster: network },
      { clock, random: seededRandom(1), ids: (prefix) => `${prefix}_${++this.#ids}`, log: silentLogger },
    );
    const gateway = { bus, network, signaling };
    this.#gateways.push(gateway);
    return gateway;
  }

  /** Advances the clock in steps of 50 ms until `probe` holds; fails as `eventually` does. */
  passing(what: string, probe: () => unknown): Promise<void> {
    return eventually(
      what,
      async () => {
        await this.clock.advance(50);
        return Boolean(await probe());
      },
      { everyMs: 1 },
    ).then(() => undefined);
  }

  /** The first gateway. */
  get gateway(): MemoryGateway {
    return this.#gateways[0]!;
  }

  get bus(): Bus {
    return this.gateway.bus;
  }

  get network(): FakeNetwork {
    return this.gateway.network;
  }

  get signaling(): Signaling {
    return this.gateway.signaling;
  }

  get node(): ScriptedNode {
    const [node] = this.nodes;
    if (!node) throw new Error('this cluster has no node');
    return node;
  }

  client(gateway = this.gateway, rates: ConnectionRates = UNLIMITED): MemoryClient {
    return new MemoryClient(gateway, this.clock, rates);
  }

  /** The node dies, and everyone is told. */
  kill(node: ScriptedNode): void {
    this.store.records.delete(node.nodeId);
    node[Symbol.dispose]();
    this.bus.publish(subjects.nodeDead(node.nodeId), { nodeId: node.nodeId, startedAtMs: 1, fence: 1 });
  }

  /** A client that has joined. */
  async joined(identity: string, room = 'blue', gateway = this.gateway): Promise<MemoryClient> {
    const client = this.client(gateway);
    const { error } = await client.request('join', { ...joinRequest, room, identity, name: identity });
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closing = this.#gateways.map(({ signaling }) => signaling.close(0));
    await this.clock.advance(0);
    await Promise.all(closing);
    for (const node of this.nodes) node[Symbol.dispose]();
  }
}

/** For tests of anything else. */
const UNLIMITED: ConnectionRates = {
  changes: { perSecond: 1e6, burst: 1e6 },
  syncs: { perSecond: 1e6, burst: 1e6 },
};

export const joinRequest = {
  protocolVersion: PROTOCOL_VERSION,
  room: 'blue',
  name: 'Ada',
  rtpCapabilities: routerRtpCapabilities,
};

/** A client without a network: messages are given to its connection, answers are read from its socket. */
export class MemoryClient {
  readonly socket: FakeSocket;
  readonly connection: Connection;
  #ids = 0;

  constructor({ network, signaling }: MemoryGateway, clock: Clock, rates: ConnectionRates) {
    this.socket = new FakeSocket(network);
    const { joinDeadlineMs } = limits;
    const deps = {
      clock,
      log: silentLogger,
      joinDeadlineMs,
      cluster: () => signaling,
      rates,
      welcome: encodeWelcome([]),
    };
    this.connection = new Connection(this.socket, deps);
    this.socket.onClosed = (code) => this.connection.handleClosed(code);
  }

  /** Sends and returns the id to look for. */
  send(method: string, data?: unknown): string {
    const id = `r${++this.#ids}`;
    this.sendRaw(JSON.stringify({ id, method, data }));
    return id;
  }

  sendRaw(text: string, isBinary = false): void {
    this.connection.receive(new TextEncoder().encode(text).buffer, isBinary);
  }

  async request(method: string, data?: unknown): Promise<Heard> {
    const id = this.send(method, data);
    return await eventually(`the answer to ${method}`, () => this.socket.answer(id), { everyMs: 1 });
  }

  async event(name: string): Promise<Heard> {
    return await eventually(`the event ${name}`, () => this.socket.events(name)[0], { everyMs: 1 });
  }
}
