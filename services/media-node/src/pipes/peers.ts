import type { Bus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { nodeRecord, subjects } from '@skein/protocol';
import { nodeService, pipeService, type PipeServiceClient, type RpcClients } from '@skein/rpc';
import { SingleFlight } from '@skein/runtime';
import { PipeError } from './errors.ts';
import type { PeerPipes } from './executor.ts';

/** Addresses kept at most; past that the one not heard from for longest is forgotten and looked up again. */
const MAX_ADDRESSES = 1024;

export interface PeersParts {
  /** This node's own. */
  readonly nodeId: string;
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clients: RpcClients;
}

/** The other nodes by id: where they are is known from their beats, else from the registry. */
export class Peers implements PeerPipes {
  readonly #nodeId: string;
  readonly #clients: RpcClients;
  readonly #nodes: NodeRegistry;
  readonly #addresses = new Map<string, string>();
  readonly #reading = new SingleFlight<'all', void>();
  readonly #beats: { close(): void };

  constructor({ nodeId, bus, nodes, clients }: PeersParts) {
    this.#nodeId = nodeId;
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
    if (nodeId !== this.#nodeId && this.#addresses.get(nodeId) !== address) this.#greet(address);
    this.#addresses.delete(nodeId);
    this.#addresses.set(nodeId, address);
    const [oldest] = this.#addresses.keys();
    if (this.#addresses.size > MAX_ADDRESSES && oldest !== undefined) this.#addresses.delete(oldest);
  }

  // Connects ahead of the first pipe, which then opens in one round trip. A peer that does not answer is asked again then.
  #greet(address: string): void {
    this.#clients
      .client(nodeService, address)
      .getStatus({})
      .catch(() => undefined);
  }
}
