import type { Bus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { nodeRecord, subjects } from '@skein/protocol';
import { pipeService, type PipeServiceClient, type RpcClients } from '@skein/rpc';
import { SingleFlight } from '@skein/runtime';
import { PipeError } from './errors.ts';
import type { PeerPipes } from './executor.ts';

/** Addresses kept at most; past that the one not heard from for longest is forgotten and looked up again. */
const MAX_ADDRESSES = 1024;

/** The other nodes by id: where they are is known from their beats, else from the registry. */
export class Peers implements PeerPipes {
  readonly #clients: RpcClients;
  readonly #nodes: NodeRegistry;
  readonly #addresses = new Map<string, string>();
  readonly #reading = new SingleFlight<'all', void>();
  readonly #beats: { close(): void };

  constructor(bus: Bus, nodes: NodeRegistry, clients: RpcClients) {
    this.#clients = clients;
    this.#nodes = nodes;
    this.#beats = bus.subscribe(subjects.anyNodeBeat, (data) => {
      const beat = nodeRecord.safeParse(data);
      if (beat.success) this.#know(beat.data.nodeId, beat.data.grpcAddress);
    });
  }

  async client(nodeId: string): Promise<PipeServiceClient> {
    if (!this.#addresses.has(nodeId)) await this.#reading.run('all', () => this.#readRegistry());
    const address = this.#addresses.get(nodeId);
    if (address === undefined) throw PipeError.unknownNode(nodeId);
    return this.#clients.client(pipeService, address);
  }

  close(): void {
    this.#beats.close();
    this.#clients.close();
  }

  async #readRegistry(): Promise<void> {
    for (const { record } of await this.#nodes.list()) this.#know(record.nodeId, record.grpcAddress);
  }

  #know(nodeId: string, address: string): void {
    this.#addresses.delete(nodeId);
    this.#addresses.set(nodeId, address);
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest);
  }
}
