import type { PipeEnd } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { EndCounters, PipeAddress, PipeCounters, PipeEndpoint } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { PipeError } from '../model/pipe-errors.ts';
import type { PipeState, RouterAt } from '../model/pipe-model.ts';
import type { OutgoingTrack } from '../tracks/outgoing-track.ts';

export type PipePhase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'closing' }
  | { readonly kind: 'failed'; readonly retryAtMs: number };

/** What changes about a pipe. Only the registry has the object to write to; pipes show it to readers. */
export interface PipeStatus {
  readonly phase: PipePhase;
  readonly idleSinceMs: number | undefined;
  /** The tracks that this node sends into it. */
  readonly outgoing: ReadonlyMap<MediaKey, OutgoingTrack>;
}

export interface PipeNames {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
}

export interface NodePipeNames extends PipeNames {
  /** Names this very end; a new end of the same pipe has another id. */
  readonly instanceId: string;
  /** Opened to find out whether the path works again; kept although nothing crosses it. */
  readonly trial: boolean;
}

export type Pipe = NodePipe | WorkerPipe;

/**
 * Deadline for counting an end. Shorter than the deadline of the remote probe, which covers many ends, some of them on
 * workers that do answer.
 */
const COUNT_WITHIN_MS = 150;

/** `late`: the worker has not answered yet, which proves nothing; `gone`: the end is closed, or its worker died. */
export type Counted = EndCounters | 'late' | 'gone';

type TimedCounters = PipeCounters & { readonly atMs: number };

/** This node's end of the pipe to a router of another node. */
export class NodePipe {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  readonly instanceId: string;
  readonly trial: boolean;
  readonly #status: PipeStatus;
  readonly #clock: Clock;
  readonly #made: Promise<PipeEndpoint>;
  #endpoint: PipeEndpoint | undefined;
  #remoteInstanceId: string | undefined;
  #connecting: Promise<void> | undefined;
  readonly #connected = Promise.withResolvers<void>();
  #counted: TimedCounters | undefined;
  #closed = false;

  constructor(names: NodePipeNames, status: PipeStatus, made: Promise<PipeEndpoint>, clock: Clock) {
    this.key = names.key;
    this.local = names.local;
    this.peer = names.peer;
    this.instanceId = names.instanceId;
    this.trial = names.trial;
    this.#status = status;
    this.#clock = clock;
    this.#made = made.then((endpoint) => this.#keep(endpoint));
    this.#made.catch(() => {});
    this.#connected.promise.catch(() => {});
  }

  get phase(): PipePhase {
    return this.#status.phase;
  }

  get state(): PipeState {
    return stateOf(this.#status);
  }

  /** The tracks that this node sends into it. */
  get outgoing(): ReadonlyMap<MediaKey, OutgoingTrack> {
    return this.#status.outgoing;
  }

  get sending(): boolean {
    return this.#status.outgoing.size > 0;
  }

  /** Resolves when the end is connected; fails `PIPE_FAILED` when it is closed first. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get remoteInstanceId(): string | undefined {
    return this.#remoteInstanceId;
  }

  /** Set while the pipe is open. */
  get endpoint(): PipeEndpoint | undefined {
    return this.#endpoint;
  }

  /** As of the last count, which the health check takes regularly. */
  get sentBytes(): number {
    return this.#counted?.sentBytes ?? 0;
  }

  /** This end as the other node needs it. Resolves when it has been created. */
  async end(nodeId: string): Promise<PipeEnd> {
    const { address } = await this.#made;
    const { ip, port } = address;
    // Between nodes all ends are secure; the wire's schema lists the cipher suites by name.
    const srtp = address.srtp as PipeEnd['srtp'];
    return { nodeId, routerId: this.local, instanceId: this.instanceId, ip, port, srtp };
  }

  /**
   * Connects this end to the other node's. Both nodes may open at once, so the same end may arrive twice: in its node's
   * request and in its node's answer. Fails `PIPE_FAILED` for any other end than the first.
   */
  async connectTo(remote: PipeEnd): Promise<void> {
    const endpoint = await this.#made;
    if (this.#closed) throw PipeError.gone();
    if (this.#remoteInstanceId === undefined) {
      this.#remoteInstanceId = remote.instanceId;
      this.#connecting = endpoint.connect(remote satisfies PipeAddress);
    }
    if (this.#remoteInstanceId !== remote.instanceId) throw PipeError.endsDiffer(remote.nodeId);
    await this.#connecting;
    this.#connected.resolve();
  }

  /**
   * What this end has sent and received. An end that has sent nothing since the last count sends probe packets, so that
   * the other end can tell whether they arrive.
   */
  async count(): Promise<Counted> {
    const over = Promise.withResolvers<'late'>();
    const timer = this.#clock.after(COUNT_WITHIN_MS, () => over.resolve('late'));
    const counted = await Promise.race([this.#count(), over.promise]);
    timer[Symbol.dispose]();
    return counted;
  }

  /** A count at most `maxAgeMs` old, taken now if need be. `undefined`: the end is gone, or its worker does not answer. */
  async sample(maxAgeMs: number): Promise<TimedCounters | undefined> {
    const counted = this.#counted;
    if (counted && this.#clock.monotonicMs() - counted.atMs <= maxAgeMs) return counted;
    try {
      const fresh = await this.#endpoint?.counters();
      return fresh && { ...fresh, atMs: this.#clock.monotonicMs() };
    } catch {
      // Its worker died, or it was closed meanwhile; others handle both.
      return undefined;
    }
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connected.reject(PipeError.gone());
    for (const track of [...this.outgoing.values()]) track.end(reason);
    this.#endpoint?.close();
    this.#endpoint = undefined;
  }

  async #count(): Promise<EndCounters | 'gone'> {
    try {
      const counted = await this.#endpoint?.counters();
      if (counted && this.#counted && counted.sentBytes <= this.#counted.sentBytes)
        await this.#endpoint?.sendProbes();
      this.#counted = counted && { ...counted, atMs: this.#clock.monotonicMs() };
      return counted ?? 'gone';
    } catch {
      // Its worker died, or it was closed meanwhile.
      return 'gone';
    }
  }

  #keep(endpoint: PipeEndpoint): PipeEndpoint {
    if (this.#closed) {
      endpoint.close();
      throw PipeError.gone();
    }
    this.#endpoint = endpoint;
    return endpoint;
  }
}

/** Both ends of a pipe between two workers of this node. */
export class WorkerPipe {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  /** Its tracks are hops of this node in both directions; no other node pulls through it. */
  readonly sending = false;
  readonly #status: PipeStatus;
  #ends: ReadonlyMap<string, PipeEndpoint> = new Map();
  #closed = false;

  constructor(names: PipeNames, status: PipeStatus) {
    this.key = names.key;
    this.local = names.local;
    this.peer = names.peer;
    this.#status = status;
  }

  get phase(): PipePhase {
    return this.#status.phase;
  }

  get state(): PipeState {
    return stateOf(this.#status);
  }

  endAt(routerId: string): PipeEndpoint | undefined {
    return this.#ends.get(routerId);
  }

  /** Creates both ends and connects them to each other. */
  async open(createEnd: (routerId: string) => Promise<PipeEndpoint>): Promise<void> {
    const created = await Promise.allSettled([createEnd(this.local), createEnd(this.peer.routerId)]);
    const [here, there] = created.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
    if (!here || !there || this.#closed) {
      here?.close();
      there?.close();
      throw PipeError.gone();
    }
    this.#ends = new Map([
      [this.local, here],
      [this.peer.routerId, there],
    ]);
    await Promise.all([here.connect(there.address), there.connect(here.address)]);
  }

  close(): void {
    this.#closed = true;
    for (const end of this.#ends.values()) end.close();
  }
}

function stateOf({ phase, idleSinceMs }: PipeStatus): PipeState {
  return phase.kind === 'open' ? { kind: 'open', idleSinceMs } : phase;
}
