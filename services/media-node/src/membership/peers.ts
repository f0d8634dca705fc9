import type { Bus, BusSubscription } from '@skein/bus';
import { orderOfStarts, supersedes, type NodeRegistry } from '@skein/cluster';
import { nodeRecord, SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import {
  livenessService,
  nodeService,
  pipeService,
  type PipeServiceClient,
  type RpcClients,
} from '@skein/rpc';
import { jitter, SingleFlight, type Clock, type Random } from '@skein/runtime';

/** Maximum number of known nodes; beyond it the least recently seen one is forgotten, and read again on demand. */
const MAX_KNOWN = 1024;
/** Interval at which the registry is read, jittered: the longest that a lost event has consequences. */
const READ_EVERY_MS = 5000;
/** A younger view is not refreshed. */
const FRESH_FOR_MS = 500;

interface KnownPeer {
  readonly record: NodeRecord;
  /** Without a lease it takes no sessions, but its pipes continue, and it may be reachable. */
  readonly hasLease: boolean;
}

export interface PeersDeps {
  /** This node's own. */
  readonly nodeId: string;
  readonly bus: Bus;
  readonly nodes: NodeRegistry;
  readonly clients: RpcClients;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * The other nodes by id: their addresses, and whether they take sessions. From the registry, and from the events that
 * nodes publish when they start and when they drain. Heartbeats are ignored: every node would receive those of all others.
 * The last view stays valid while the store does not answer.
 */
export class Peers {
  readonly #deps: PeersDeps;
  readonly #known = new Map<string, KnownPeer>();
  readonly #reading = new SingleFlight<'all', void>();
  #readAtMs = -Infinity;
  /** Of the last read: the next one returns the changes since. */
  #version: number | undefined;
  #events: BusSubscription | undefined;
  #nextRead: Disposable | undefined;
  #closed = false;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
  }

  /** The first view follows soon after. */
  start(): void {
    const { bus, clock, random } = this.#deps;
    this.#events = bus.subscribe(subjects.anyNodeState, (data) => {
      const record = nodeRecord.safeParse(data);
      if (record.success) this.#know(record.data);
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

  /** Reads the registry, unless the view is fresh. Never rejects: without the store the view stays as it was. */
  async refresh(): Promise<void> {
    if (this.#deps.clock.monotonicMs() - this.#readAtMs < FRESH_FOR_MS) return;
    await this.#read().catch(() => undefined);
  }

  /** Fails `PIPE_FAILED` when the node is unknown. */
  async client(nodeId: string): Promise<PipeServiceClient> {
    if (!this.#known.has(nodeId)) await this.#read();
    const peer = this.#known.get(nodeId);
    if (!peer) throw unknownNode(nodeId);
    return this.#deps.clients.client(pipeService, peer.record.grpcAddress);
  }

  /** Resolves when a known node answers a call within `withinMs`; rejects when it does not. */
  async ping(nodeId: string, withinMs: number): Promise<unknown> {
    const peer = this.#known.get(nodeId);
    if (!peer) throw unknownNode(nodeId);
    const client = this.#deps.clients.client(livenessService, peer.record.grpcAddress);
    return await client.ping({}, { deadlineMs: withinMs });
  }

  close(): void {
    this.#closed = true;
    this.#events?.close();
    this.#nextRead?.[Symbol.dispose]();
    this.#deps.clients.close();
  }

  #read(): Promise<void> {
    return this.#reading.run('all', async () => {
      const { nodes, clock } = this.#deps;
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
    if (nodeId === this.#deps.nodeId) return;
    const known = this.#known.get(nodeId)?.record;
    // The registry may be older than an event received meanwhile.
    const record = known && isEarlier(heard, known) ? known : heard;
    this.#known.delete(nodeId);
    this.#known.set(nodeId, { record, hasLease: true });
    const [oldest] = this.#known.keys();
    if (this.#known.size > MAX_KNOWN && oldest !== undefined) this.#known.delete(oldest);
    if (known?.grpcAddress !== record.grpcAddress) this.#connect(record.grpcAddress);
  }

  // Connects ahead of the first pipe, which then opens in one round trip, and retries if this fails.
  #connect(address: string): void {
    this.#deps.clients
      .client(nodeService, address)
      .getStatus({})
      .catch(() => undefined);
  }
}

function unknownNode(nodeId: string): SkeinError {
  return new SkeinError('PIPE_FAILED', 'that node is not known here', {
    details: { nodeId },
    retryAfterMs: 1000,
  });
}

function isEarlier(one: NodeRecord, other: NodeRecord): boolean {
  return orderOfStarts(one, other) === 'same' ? one.beat < other.beat : !supersedes(one, other);
}
