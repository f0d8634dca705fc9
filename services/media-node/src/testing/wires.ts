import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createRpcClients, type RpcClients } from '@skein/rpc';
import { systemClock } from '@skein/runtime';
import type { MediaEngine, MediaRouter, PipeEndpoint } from '../media/engine.ts';

const HOST = '127.0.0.1';
const NARROW_QUEUE_MS = 100;

/** Carries the packets of one pipe between its two ends. */
interface Link {
  readonly ports: readonly [number, number];
  /** The socket that stands for the other end, by the port of each end. */
  readonly facing: ReadonlyMap<number, UdpSocket>;
  /** Ports whose packets are lost from now on. */
  readonly lost: Set<number>;
  readonly carried: Map<number, number>;
}

/** The connection of one node's calls to another node. */
interface Line {
  readonly from: string;
  readonly to: string;
  readonly server: Server;
  readonly sockets: Set<Socket>;
  hangs: boolean;
}

/** The network between nodes of one process, for calls and media, which a test cuts and heals. */
export class TestWires implements AsyncDisposable {
  readonly #grpcPorts: ReadonlyMap<string, number>;
  readonly #lines: readonly Line[];
  readonly #links = new Map<string, Promise<Link>>();
  readonly #owners = new Map<number, string>();
  /** The capacity of a narrow path, by `from>to`, and when it is free again. */
  readonly #narrow = new Map<string, { readonly bitsPerMs: number; freeAtMs: number }>();
  /** Packets dropped at a full narrow path, by `from>to`. */
  readonly #dropped = new Map<string, number>();
  /** `from>to` of nodes whose packets are lost. */
  readonly #silent = new Set<string>();

  private constructor(grpcPorts: ReadonlyMap<string, number>, lines: readonly Line[]) {
    this.#grpcPorts = grpcPorts;
    this.#lines = lines;
  }

  static async between(nodeIds: readonly string[]): Promise<TestWires> {
    const ports = await Promise.all(nodeIds.map(async (nodeId) => [nodeId, await freePort()] as const));
    const pairs = ports.flatMap(([to, port]) =>
      nodeIds.filter((from) => from !== to).map((from) => openLine(from, to, port)),
    );
    return new TestWires(new Map(ports), await Promise.all(pairs));
  }

  /** The port for the node to listen on. */
  grpcPort(nodeId: string): number {
    return this.#grpcPorts.get(nodeId) ?? 0;
  }

  /** The node's calls to others, over these wires. */
  clientsOf(nodeId: string): RpcClients {
    const clients = createRpcClients();
    const over = (address: string): string => {
      const [to] = [...this.#grpcPorts].find(([, port]) => address === `${HOST}:${port}`) ?? [];
      const line = this.#lines.find((one) => one.from === nodeId && one.to === to);
      return line ? `${HOST}:${portOf(line.server)}` : address;
    };
    return {
      client: (definition, address) => clients.client(definition, over(address)),
      closeChannel: (address) => clients.closeChannel(over(address)),
      onConnectionLost: (listener) => clients.onConnectionLost(listener),
      close: () => clients.close(),
    };
  }

  /** The node's engine, its pipes over these wires. */
  engineOf(nodeId: string, engine: MediaEngine): MediaEngine {
    const wired = (router: MediaRouter): MediaRouter => ({
      ...router,
      createPipeEnd: async (options) => this.#wire(nodeId, await router.createPipeEnd(options)),
    });
    return {
      startWorker: async (options) => {
        const worker = await engine.startWorker(options);
        return { ...worker, createRouter: async () => wired(await worker.createRouter()) };
      },
    };
  }

  /**
   * Nothing comes through between the two any more: packets are lost, `oneWay` only those of `one`, and calls, unless they are
   * left, hang, as they do when only one way is cut.
   */
  cut(one: string, other: string, { calls = true, oneWay = false } = {}): void {
    this.#silent.add(`${one}>${other}`);
    if (!oneWay) this.#silent.add(`${other}>${one}`);
    if (calls) for (const line of this.#linesBetween(one, other)) line.hangs = true;
  }

  /** Packets that `from` sends to `to` are lost in the pipes that there are now. New pipes work. */
  async breakPipes(from: string, to: string): Promise<void> {
    for (const link of await Promise.all(this.#links.values())) {
      const port = link.ports.find((one) => this.#owners.get(one) === from);
      if (port !== undefined && link.ports.some((one) => this.#owners.get(one) === to)) link.lost.add(port);
    }
  }

  /** Ends the connections of calls between the two; new ones can be made at once. */
  resetCalls(one: string, other: string): void {
    for (const { sockets } of this.#linesBetween(one, other)) for (const socket of sockets) socket.destroy();
  }

  /** Packets that `from` sends to `to` share a way of this width: what would wait longer than 100 ms is lost. */
  narrow(from: string, to: string, { kbitPerSecond }: { kbitPerSecond: number }): void {
    this.#narrow.set(`${from}>${to}`, { bitsPerMs: kbitPerSecond, freeAtMs: 0 });
  }

  /** Packets that found the narrow way full. */
  dropped(from: string, to: string): number {
    return this.#dropped.get(`${from}>${to}`) ?? 0;
  }

  mend(): void {
    this.#silent.clear();
    this.#narrow.clear();
    for (const line of this.#lines) {
      // What was sent meanwhile is lost, so that these cannot go on.
      if (line.hangs) for (const socket of line.sockets) socket.destroy();
      line.hangs = false;
    }
  }

  /** Packets that went from one node to another one, over all pipes. */
  async packets(from: string, to: string): Promise<number> {
    let sum = 0;
    for (const { ports, carried } of await Promise.all(this.#links.values())) {
      const [sender, receiver] = this.#owners.get(ports[0]) === from ? ports : [ports[1], ports[0]];
      if (this.#owners.get(sender) !== from || this.#owners.get(receiver) !== to) continue;
      sum += carried.get(sender) ?? 0;
    }
    return sum;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { server, sockets } of this.#lines) {
      for (const socket of sockets) socket.destroy();
      server.close();
    }
    for (const { facing } of await Promise.all(this.#links.values()))
      for (const socket of facing.values()) socket.close();
  }

  #linesBetween(one: string, other: string): readonly Line[] {
    return this.#lines.filter(
      ({ from, to }) => (from === one && to === other) || (from === other && to === one),
    );
  }

  #wire(nodeId: string, end: PipeEndpoint): PipeEndpoint {
    const { port } = end.address;
    this.#owners.set(port, nodeId);
    return {
      ...end,
      connect: async (remote) => {
        if (this.#owners.get(remote.port) === nodeId) return await end.connect(remote);
        const { facing } = await this.#linkOf(port, remote.port);
        await end.connect({ ...remote, port: facing.get(port)?.address().port ?? remote.port });
      },
    };
  }

  #linkOf(one: number, other: number): Promise<Link> {
    const ports = one < other ? ([one, other] as const) : ([other, one] as const);
    const link = this.#links.get(ports.join('~')) ?? this.#openLink(ports);
    this.#links.set(ports.join('~'), link);
    return link;
  }

  async #openLink(ports: Link['ports']): Promise<Link> {
    const [low, high] = await Promise.all([udpSocket(), udpSocket()]);
    const facing = new Map([
      [ports[0], low],
      [ports[1], high],
    ]);
    const link: Link = { ports, facing, lost: new Set(), carried: new Map() };
    low.on('message', (packet) => this.#carry(link, ports[0], ports[1], packet));
    high.on('message', (packet) => this.#carry(link, ports[1], ports[0], packet));
    return link;
  }

  #carry({ facing, lost, carried }: Link, sender: number, receiver: number, packet: Buffer): void {
    const way = `${this.#owners.get(sender)}>${this.#owners.get(receiver)}`;
    if (lost.has(sender) || this.#silent.has(way)) return;
    const waitMs = this.#queue(way, packet.length);
    if (waitMs > NARROW_QUEUE_MS) {
      this.#dropped.set(way, (this.#dropped.get(way) ?? 0) + 1);
      return;
    }
    carried.set(sender, (carried.get(sender) ?? 0) + 1);
    const pass = (): void => facing.get(receiver)?.send(packet, receiver, HOST);
    if (waitMs === 0) pass();
    else systemClock.after(waitMs, pass);
  }

  /** How long a packet has to wait; more than `NARROW_QUEUE_MS` when it does not get in. */
  #queue(way: string, bytes: number): number {
    const narrow = this.#narrow.get(way);
    if (!narrow) return 0;
    const nowMs = systemClock.monotonicMs();
    const freeAtMs = Math.max(nowMs, narrow.freeAtMs) + (bytes * 8) / narrow.bitsPerMs;
    if (freeAtMs - nowMs <= NARROW_QUEUE_MS) narrow.freeAtMs = freeAtMs;
    return freeAtMs - nowMs;
  }
}

async function openLine(from: string, to: string, port: number): Promise<Line> {
  const server = createServer((near) => {
    const far = connect(port, HOST);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      line.sockets.add(socket);
      socket.on('data', (data) => {
        if (!line.hangs) other.write(data);
      });
      socket.on('close', () => {
        line.sockets.delete(socket);
        other.destroy();
      });
      // A node that has stopped refuses or resets; its caller sees the end of the connection.
      socket.on('error', () => {});
    }
  });
  const line: Line = { from, to, server, sockets: new Set(), hangs: false };
  await once(server.listen(0, HOST), 'listening');
  return line;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, HOST), 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function udpSocket(): Promise<UdpSocket> {
  const socket = createSocket('udp4');
  await once(socket.bind(0, HOST), 'listening');
  return socket;
}
