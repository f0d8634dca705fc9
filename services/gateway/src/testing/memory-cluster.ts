import { createMemoryBus } from '@skein/bus';
import type { Bus, MemoryBusHub } from '@skein/bus';
import { limits, PROTOCOL_VERSION, routerRtpCapabilities } from '@skein/protocol';
import { FakeClock, seededRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { eventually } from '@skein/testkit';
import { Connection } from '../connections/connection.ts';
import { startSignaling } from '../signaling.ts';
import type { Signaling } from '../signaling.ts';
import { FakeNetwork, FakeSocket } from './fake-socket.ts';
import type { Heard } from './fake-socket.ts';
import { MemoryStore } from './memory-store.ts';
import { ScriptedNode } from './scripted-node.ts';

/** One gateway's signaling over a bus and a store in memory, with scripted nodes and a clock moved by hand. */
export class MemoryCluster implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly hub: MemoryBusHub;
  readonly bus: Bus;
  readonly store = new MemoryStore();
  readonly network = new FakeNetwork();
  readonly nodes: ScriptedNode[] = [];
  signaling!: Signaling;
  #ids = 0;

  private constructor() {
    this.hub = createMemoryBus({ clock: this.clock });
    this.bus = this.hub.connect('gateway');
  }

  static async start({ nodes = 1, maxParticipants = 10 } = {}): Promise<MemoryCluster> {
    const cluster = new MemoryCluster();
    for (let number = 1; number <= nodes; number++) {
      const nodeId = `node-${number}`;
      cluster.store.addNode(nodeId);
      cluster.nodes.push(new ScriptedNode(cluster.hub.connect(nodeId), cluster.store, nodeId));
    }
    const settings = {
      ...{ region: 'default', roomMaxParticipants: maxParticipants, iceServers: [], resumeGraceMs: 15_000 },
    };
    const nodeDeadlines = { openMs: 3000, requestMs: 5000 };
    const { bus, store, clock, network: broadcaster } = cluster;
    cluster.signaling = await startSignaling(
      { bus, store },
      { settings, nodeDeadlines, broadcaster },
      { clock, random: seededRandom(1), ids: (prefix) => `${prefix}_${++cluster.#ids}`, log: silentLogger },
    );
    return cluster;
  }

  get node(): ScriptedNode {
    const [node] = this.nodes;
    if (!node) throw new Error('this cluster has no node');
    return node;
  }

  client(): MemoryClient {
    return new MemoryClient(this);
  }

  /** A client that has joined. */
  async joined(identity: string, room = 'blue'): Promise<MemoryClient> {
    const client = this.client();
    const { error } = await client.request('join', { ...joinRequest, room, identity, name: identity });
    if (error) throw new Error(`${error.code}: ${error.message}`);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signaling.close(0);
    for (const node of this.nodes) node[Symbol.dispose]();
  }
}

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

  constructor(cluster: MemoryCluster) {
    this.socket = new FakeSocket(cluster.network);
    const { clock } = cluster;
    const { joinDeadlineMs } = limits;
    const deps = { clock, log: silentLogger, joinDeadlineMs, cluster: () => cluster.signaling };
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
