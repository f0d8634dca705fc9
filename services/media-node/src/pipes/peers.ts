import type { Bus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { nodeRecord, subjects, type NodeRecord } from '@skein/protocol';
import { nodeService, pipeService, type PipeServiceClient, type RpcClients } from '@skein/rpc';
import { SingleFlight, type Clock } from '@skein/runtime';
import { PipeError } from './errors.ts';
import type { PeerPipes } from './executor.ts';

/** Addresses kept at most; past that the one not heard from for longest is forgotten and looked up again. */
const MAX_ADDRESSES = 1024;
/** A node that was not heard from for so long is not counted on: eight beats. */
const SILENT_AFTER_MS = 2000;

export interface PeersParts {
  /** This node's own. */
  readonly nodeId: string;
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clients: RpcClients;
  readonly clock: Clock;
}

/** The other nodes by id: where they are is known from their beats, else from the registry. */
export class Peers implements PeerPipes {
  readonly #nodeId: string;
  readonly #clients: RpcClients;
  readonly #nodes: NodeRegistry;
  readonly #addresses = new Map<string, string>();
  /** When each other node last said that it is ready. */
  readonly #readyAtMs = new Map<string, number>();
  readonly #clock: Clock;
  readonly #reading = new SingleFlight<'all', void>();
  readonly #beats: { close(): void };

  constructor({ nodeId, bus, nodes, clients, clock }: PeersParts) {
    this.#clock = clock;
    this.#nodeId = nodeId;
    this.#clients = clients;
    this.#nodes = nodes;
    const own = subjects.nodeBeat(nodeId);
    this.#beats = bus.subscribe(subjects.anyNodeBeat, (data, subject) => {
      if (subject === own) return;
      const beat = nodeRecord.safeParse(data);
      if (!beat.success) return;
      this.#know(beat.data.nodeId, beat.data.grpcAddress);
      this.#noteState(beat.data);
    });
  }

  /** Whether another node takes sessions now, as far as this one has heard. */
  get anyReady(): boolean {
    return this.ready.length > 0;
  }

  /** The other nodes that take sessions now, as far as this one has heard. */
  get ready(): readonly string[] {
    const sinceMs = this.#clock.monotonicMs() - SILENT_AFTER_MS;
    for (const [nodeId, atMs] of this.#readyAtMs) if (atMs < sinceMs) this.#readyAtMs.delete(nodeId);
    return [...this.#readyAtMs.keys()];
  }

  /** As `anyReady`; when no beat was heard the registry is asked. */
  async findReady(): Promise<boolean> {
    if (!this.anyReady) await this.#reading.run('all', () => this.#readRegistry()).catch(() => undefined);
    return this.anyReady;
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
    for (const { record } of await this.#nodes.list()) {
      this.#know(record.nodeId, record.grpcAddress);
      this.#noteState(record);
    }
  }

  #noteState({ nodeId, state }: NodeRecord): void {
    if (nodeId === this.#nodeId) return;
    if (state === 'ready') this.#readyAtMs.set(nodeId, this.#clock.monotonicMs());
    else this.#readyAtMs.delete(nodeId);
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
