import type { Bus, BusSubscription } from '@skein/bus';
import { orderOfStarts, supersedes, type NodeRegistry } from '@skein/cluster';
import { nodeRecord, subjects, type NodeRecord } from '@skein/protocol';
import {
  livenessService,
  nodeService,
  pipeService,
  type PipeServiceClient,
  type RpcClients,
} from '@skein/rpc';
import { jitter, SingleFlight, type Clock, type Random } from '@skein/runtime';
import { PipeError } from '../pipes/model/pipe-errors.ts';
import type { PeerPipes } from '../pipes/pipe-executor.ts';

/** Nodes kept at most; past that the one not heard of for longest is forgotten and looked up again. */
const MAX_KNOWN = 1024;
/** How often the registry is read for changes, jittered, so that news that got lost does no harm for longer. */
const READ_EVERY_MS = 5000;
/** What was read so lately is not read again when it is asked for. */
const FRESH_FOR_MS = 500;

interface KnownPeer {
  readonly record: NodeRecord;
  /** Without a lease it takes no sessions, but its pipes go on, and it may be reached. */
  readonly hasLease: boolean;
}

export interface PeersParts {
  /** This node's own. */
  readonly nodeId: string;
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clients: RpcClients;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The other nodes by id: where they are, and which of them take sessions. From the registry, and from what they tell when
 * they start and when they drain. Their beats are not listened to: of many nodes, each would hear those of all others.
 * What was last read holds while the store does not answer.
 */
export class Peers implements PeerPipes {
  readonly #parts: PeersParts;
  readonly #known = new Map<string, KnownPeer>();
  readonly #reading = new SingleFlight<'all', void>();
  #readAtMs = -Infinity;
  /** Of the last reading: the next one brings what has changed since. */
  #version: number | undefined;
  #news: BusSubscription | undefined;
  #nextRead: Disposable | undefined;
  #closed = false;

  constructor(parts: PeersParts) {
    this.#parts = parts;
  }

  /** The first view is there soon after. */
  start(): void {
    const { bus, clock, random } = this.#parts;
    this.#news = bus.subscribe(subjects.anyNodeState, (data) => {
      const news = nodeRecord.safeParse(data);
      if (news.success) this.#know(news.data);
    });
    const readLater = (): void => {
      this.#nextRead = clock.after(jitter(READ_EVERY_MS, random), () => void this.refresh().then(readOn));
    };
    const readOn = (): void => {
      if (!this.#closed) readLater();
    };
    void this.refresh().then(readOn);
  }

  /** Whether another node takes sessions, as far as this one knows. */
  get anyReady(): boolean {
    return this.ready.length > 0;
  }

  /** The other nodes that take sessions, as far as this one knows. */
  get ready(): readonly string[] {
    return [...this.#known.values()]
      .filter(({ record, hasLease }) => hasLease && record.state === 'ready')
      .map(({ record }) => record.nodeId);
  }

  /** Reads the registry, unless that was done just now. Never rejects: without the store the view stays what it was. */
  async refresh(): Promise<void> {
    if (this.#parts.clock.monotonicMs() - this.#readAtMs < FRESH_FOR_MS) return;
    await this.#read().catch(() => undefined);
  }

  async client(nodeId: string): Promise<PipeServiceClient> {
    if (!this.#known.has(nodeId)) await this.#read();
    const peer = this.#known.get(nodeId);
    if (!peer) throw PipeError.unknownNode(nodeId);
    return this.#parts.clients.client(pipeService, peer.record.grpcAddress);
  }

  /** Whether a known node answers a call within `withinMs`; rejects when it does not. */
  async ping(nodeId: string, withinMs: number): Promise<unknown> {
    const peer = this.#known.get(nodeId);
    if (!peer) throw PipeError.unknownNode(nodeId);
    const client = this.#parts.clients.client(livenessService, peer.record.grpcAddress);
    return await client.ping({}, { deadlineMs: withinMs });
  }

  close(): void {
    this.#closed = true;
    this.#news?.close();
    this.#nextRead?.[Symbol.dispose]();
    this.#parts.clients.close();
  }

  #read(): Promise<void> {
    return this.#reading.run('all', async () => {
      const { nodes, clock } = this.#parts;
      const { version, whole, nodes: changed, gone } = await nodes.read({ since: this.#version });
      this.#readAtMs = clock.monotonicMs();
      this.#version = version;
      const held = new Set(changed.map(({ record }) => record.nodeId));
      const lost = whole ? [...this.#known.keys()].filter((nodeId) => !held.has(nodeId)) : gone;
      for (const nodeId of lost) {
        const known = this.#known.get(nodeId);
        if (known) this.#known.set(nodeId, { record: known.record, hasLease: false });
      }
      for (const { record, fence } of changed) this.#know({ ...record, fence });
    });
  }

  #know(heard: NodeRecord): void {
    const { nodeId } = heard;
    if (nodeId === this.#parts.nodeId) return;
    const known = this.#known.get(nodeId)?.record;
    // What was read may be older than what was told meanwhile.
    const record = known && isEarlier(heard, known) ? known : heard;
    this.#known.delete(nodeId);
    this.#known.set(nodeId, { record, hasLease: true });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    if (known?.grpcAddress !== record.grpcAddress) this.#greet(record.grpcAddress);
  }

  // Connects ahead of the first pipe, which then opens in one round trip. A peer that does not answer is asked again then.
  #greet(address: string): void {
    this.#parts.clients
      .client(nodeService, address)
      .getStatus({})
      .catch(() => undefined);
  }
}

function isEarlier(one: NodeRecord, other: NodeRecord): boolean {
  return orderOfStarts(one, other) === 'same' ? one.beat < other.beat : !supersedes(one, other);
}
