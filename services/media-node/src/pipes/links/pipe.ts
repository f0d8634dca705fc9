import type { PipeEnd } from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { PipeAddress, PipeCounters, PipeEndpoint } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { PipeError } from '../model/pipe-errors.ts';
import type { EndCounters } from '../health/pipe-health.ts';
import type { RouterAt } from '../planning/pipe-plan.ts';
import type { ServedTrack } from '../tracks/outgoing-track.ts';

export type PipePhase =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'closing' }
  | { readonly kind: 'failed'; readonly retryAtMs: number };

export type Pipe = NodePipe | WorkerPipe;

/**
 * How long an end may take to be counted: less than others wait for what they ask about it and many more, some of which may
 * be on workers that answer.
 */
const COUNT_WITHIN_MS = 150;

/** `late`: its worker has not said yet, which says nothing; `gone`: it is closed, or its worker died. */
export type Counted = EndCounters | 'late' | 'gone';

/** This node's end of the pipe to a router of another node. */
export class NodePipe {
  readonly key: string;
  readonly local: string;
  readonly peer: RouterAt;
  /** Names this very end; another one has another name. */
  readonly instanceId: string;
  /** What this node sends into it. */
  readonly outlets = new Map<MediaKey, ServedTrack>();
  /** Made here to see whether it works by now; kept though nothing crosses it. */
  trial = false;
  phase: PipePhase = { kind: 'opening' };
  idleSinceMs: number | undefined;
  readonly #clock: Clock;
  readonly #made: Promise<PipeEndpoint>;
  #endpoint: PipeEndpoint | undefined;
  #remoteInstanceId: string | undefined;
  #connecting: Promise<void> | undefined;
  readonly #connected = Promise.withResolvers<void>();
  #counted: (PipeCounters & { readonly atMs: number }) | undefined;
  #closed = false;

  constructor(
    names: { key: string; local: string; peer: RouterAt; instanceId: string },
    made: Promise<PipeEndpoint>,
    clock: Clock,
  ) {
    this.key = names.key;
    this.local = names.local;
    this.peer = names.peer;
    this.instanceId = names.instanceId;
    this.#clock = clock;
    this.#made = made.then((endpoint) => this.#keep(endpoint));
    this.#made.catch(() => {});
    this.#connected.promise.catch(() => {});
  }

  /** Resolves when the end is connected; fails `PIPE_FAILED` when it is closed first. */
  get connected(): Promise<void> {
    return this.#connected.promise;
  }

  get remoteInstanceId(): string | undefined {
    return this.#remoteInstanceId;
  }

  /** There while the pipe is open. */
  get endpoint(): PipeEndpoint | undefined {
    return this.#endpoint;
  }

  get sending(): boolean {
    return this.outlets.size > 0;
  }

  /** As of the last time that it was counted, which it is regularly to see whether it works. */
  get sentBytes(): number {
    return this.#counted?.sentBytes ?? 0;
  }

  /** This end as the other node needs it. Resolves when it has been made. */
  async end(nodeId: string): Promise<PipeEnd> {
    const { address } = await this.#made;
    const { ip, port } = address;
    // Only secure ends are made between nodes; the wire's schema wants to know the suite by name.
    const srtp = address.srtp as PipeEnd['srtp'];
    return { nodeId, routerId: this.local, instanceId: this.instanceId, ip, port, srtp };
  }

  /**
   * Connects this end to the other node's. Both nodes may open at once, so that the same end may be told twice: by
   * its node's request and by its node's answer. Fails `PIPE_FAILED` for any other end than the first.
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
   * What this end has sent and received. One that has sent nothing since it was last asked says something now, so that
   * the other one can tell whether it is heard.
   */
  async count(): Promise<Counted> {
    const over = Promise.withResolvers<'late'>();
    const timer = this.#clock.after(COUNT_WITHIN_MS, () => over.resolve('late'));
    const counted = await Promise.race([this.#count(), over.promise]);
    timer[Symbol.dispose]();
    return counted;
  }

  /** As it was counted at most `maxAgeMs` ago, or counted now. `undefined`: it is gone, or its worker does not answer. */
  async sample(maxAgeMs: number): Promise<(PipeCounters & { readonly atMs: number }) | undefined> {
    const counted = this.#counted;
    if (counted && this.#clock.monotonicMs() - counted.atMs <= maxAgeMs) return counted;
    try {
      const fresh = await this.#endpoint?.counters();
      return fresh && { ...fresh, atMs: this.#clock.monotonicMs() };
    } catch {
      // Its worker died, or it was closed meanwhile, which others see to.
      return undefined;
    }
  }

  close(reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connected.reject(PipeError.gone());
    for (const outlet of [...this.outlets.values()]) outlet.end(reason);
    this.#endpoint?.close();
    this.#endpoint = undefined;
  }

  async #count(): Promise<EndCounters | 'gone'> {
    try {
      const counted = await this.#endpoint?.counters();
      if (counted && this.#counted && counted.sentBytes <= this.#counted.sentBytes)
        await this.#endpoint?.chirp();
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
  /** Its tracks are hops of this node in both directions; nobody else pulls through it. */
  readonly sending = false;
  phase: PipePhase = { kind: 'opening' };
  idleSinceMs: number | undefined;
  #ends: ReadonlyMap<string, PipeEndpoint> = new Map();
  #closed = false;

  constructor(names: { key: string; local: string; peer: RouterAt }) {
    this.key = names.key;
    this.local = names.local;
    this.peer = names.peer;
  }

  endAt(routerId: string): PipeEndpoint | undefined {
    return this.#ends.get(routerId);
  }

  /** Makes both ends and connects them to each other. */
  async open(make: (routerId: string) => Promise<PipeEndpoint>): Promise<void> {
    const made = await Promise.allSettled([make(this.local), make(this.peer.routerId)]);
    const [here, there] = made.map((one) => (one.status === 'fulfilled' ? one.value : undefined));
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
