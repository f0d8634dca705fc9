import type { Bus } from '@skein/bus';
import { createMemoryBus, type MemoryBusHub } from '@skein/bus/testing';
import { limits, PROTOCOL_VERSION, routerRtpCapabilities, subjects } from '@skein/protocol';
import { type Clock, seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { eventually } from '@skein/testkit';
import { Connection, encodeWelcome } from '../edges/websocket/connection.ts';
import { RoomTopics } from '../edges/websocket/room-topics.ts';
import { OpenAdmission } from '../participants/admission.ts';
import { type Participants, startParticipants } from '../participants/participants.ts';
import type { ConnectionRates } from '../edges/websocket/rates.ts';
import { FakeNetwork, FakeSocket, type Heard } from './fake-socket.ts';
import { MemoryStore } from './memory-store.ts';
import { ScriptedNode } from './scripted-node.ts';

export interface MemoryGateway {
  readonly bus: Bus;
  readonly network: FakeNetwork;
  readonly topics: RoomTopics;
  readonly participants: Participants;
}

/** Gateways without a network over a bus and a store in memory, with scripted nodes and a fake clock. */
export class MemoryCluster implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly hub: MemoryBusHub;
  readonly store = new MemoryStore();
  readonly nodes: ScriptedNode[] = [];
  readonly #gateways: MemoryGateway[] = [];
  readonly #maxParticipants: number;
  /** Whether clients may name their nodes, at gateways added from now on. */
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

  /** Another `startedAtMs` is another start of the node. */
  addNode(nodeId: string, startedAtMs = 1): ScriptedNode {
    this.store.addNode(nodeId, startedAtMs);
    const node = new ScriptedNode(this.hub.connect(nodeId), this.store, nodeId);
    this.nodes.push(node);
    return node;
  }

  async addGateway(): Promise<MemoryGateway> {
    const bus = this.hub.connect('gateway');
    const { store, clock } = this;
    const ids = (prefix: string): string => `${prefix}_${++this.#ids}`;
    const admission = new OpenAdmission(ids, { nodeChoice: this.nodeChoice });
    const participants = await startParticipants(
      {
        ...{ region: 'default', maxParticipants: this.#maxParticipants, iceServers: [] },
        ...{ resumeGraceMs: 15_000, nodeDeadlines: { openMs: 3000, requestMs: 5000 } },
      },
      { bus, store, admission, clock, random: seededRandom(1), ids, log: silentLogger },
    );
    const network = new FakeNetwork();
    const gateway = { bus, network, topics: new RoomTopics(network), participants };
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

  get participants(): Participants {
    return this.gateway.participants;
  }

  get node(): ScriptedNode {
    const [node] = this.nodes;
    if (!node) throw new Error('this cluster has no node');
    return node;
  }

  client(gateway = this.gateway, rates: ConnectionRates = UNLIMITED): MemoryClient {
    return new MemoryClient(gateway, this.clock, rates);
  }

  /** The node dies and is declared dead. */
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
    const closing = this.#gateways.map(({ participants }) => participants.close(0));
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

/** A client without a network: a test passes messages to its connection and reads answers from its socket. */
export class MemoryClient {
  readonly socket: FakeSocket;
  readonly connection: Connection;
  #ids = 0;

  constructor({ network, topics, participants }: MemoryGateway, clock: Clock, rates: ConnectionRates) {
    this.socket = new FakeSocket(network);
    const { joinDeadlineMs } = limits;
    const deps = {
      clock,
      log: silentLogger,
      joinDeadlineMs,
      entrance: participants.entrance,
      topics,
      rates,
      welcome: encodeWelcome([]),
      onClosed: () => {},
    };
    this.connection = new Connection(this.socket, {}, deps);
    this.socket.onClosed = (code) => this.connection.handleClosed(code);
  }

  /** Sends a request; returns its id. */
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
