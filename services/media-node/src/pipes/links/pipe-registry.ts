import { backoff, type Backoff, type Clock, type Random } from '@skein/runtime';
import type { MediaSource, PipeEndpoint } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import {
  hopKey,
  PATH_DOWN_AFTER_FAILURES,
  pipeKey,
  type HopState,
  type HopView,
  type PipeView,
  type Pull,
  type RouterAt,
} from '../model/pipe-model.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import type { OutgoingTrack } from '../tracks/outgoing-track.ts';
import {
  NodePipe,
  WorkerPipe,
  type NodePipeNames,
  type Pipe,
  type PipeNames,
  type PipePhase,
  type PipeStatus,
} from './pipe.ts';

/** One epoch of a track on its way into one router, as it is now. */
export interface Hop extends Pull {
  readonly state: HopState;
  /** Set with `flowing`. */
  readonly source: MediaSource | undefined;
  /** A better route that replaces this one as soon as it flows. */
  readonly successor: Successor | undefined;
  /** Stops the pull on this side, without a report. */
  readonly stop: () => void;
}

type Successor =
  { readonly kind: 'pulling'; readonly hop: Hop } | { readonly kind: 'failed'; readonly retryAtMs: number };

type Writable<Type> = { -readonly [Key in keyof Type]: Type[Key] };

type WritableStatus = Writable<PipeStatus> & { readonly outgoing: Map<MediaKey, OutgoingTrack> };

export interface PipeRegistryDeps {
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
  /** Called after every change that a plan may depend on. */
  readonly onChange: () => void;
}

/** The pipes and hops of one room on this node, and the one owner of everything that changes about them. */
export class PipeRegistry {
  readonly #pipes = new Map<string, Pipe>();
  readonly #statuses = new WeakMap<Pipe, WritableStatus>();
  readonly #hops = new Map<string, Writable<Hop>>();
  /** Earlier routes of tracks that flow by a better one, kept during the handover. */
  readonly #retiring = new Set<Hop>();
  /** Failures in a row of a pipe or hop, by key; forgotten with success or when nobody needs it. */
  readonly #failures = new Map<string, number>();
  /** The failures of a pipe's path among them: no answer, or nothing arrived. */
  readonly #pathFailures = new Map<string, number>();
  readonly #deps: PipeRegistryDeps;
  readonly #backoff: Backoff;

  constructor(deps: PipeRegistryDeps) {
    this.#deps = deps;
    this.#backoff = backoff({ ...deps.policy.backoff, jitter: 0.2, random: deps.random });
  }

  get pipes(): readonly Pipe[] {
    return [...this.#pipes.values()];
  }

  get hops(): readonly Hop[] {
    return [...this.#hops.values()];
  }

  pipe(key: string): Pipe | undefined {
    return this.#pipes.get(key);
  }

  hop(media: MediaKey, into: string): Hop | undefined {
    return this.#hops.get(hopKey(media, into));
  }

  nodePipeByInstance(instanceId: string): NodePipe | undefined {
    return this.pipes.find(
      (pipe): pipe is NodePipe => pipe instanceof NodePipe && pipe.instanceId === instanceId,
    );
  }

  /** What the planner sees. `idleSinceMs` is as of the last `updateIdle`. */
  view(): { readonly pipes: readonly PipeView[]; readonly hops: readonly HopView[] } {
    const pipes = this.pipes.map(({ key, local, peer, state }) => ({
      ...{ key, local, peer, state },
      pathFailures: this.#pathFailures.get(key) ?? 0,
    }));
    return { pipes, hops: this.hops };
  }

  /** Notes for each pipe whether it is idle from now on, still, or not any more. */
  updateIdle(nowMs: number): void {
    const inUse = new Set(this.#running().map(pipeOfHop));
    for (const pipe of this.#pipes.values()) {
      const status = this.#statuses.get(pipe);
      if (!status) continue;
      if (inUse.has(pipe.key) || pipe.sending) status.idleSinceMs = undefined;
      else status.idleSinceMs ??= nowMs;
    }
  }

  /** Whether tracks cross the pipe, or are about to, in either direction. */
  inUse(pipe: Pipe): boolean {
    return pipe.sending || this.#running().some((hop) => pipeOfHop(hop) === pipe.key);
  }

  /** Adds this node's end of a pipe to another node, which is being created. Replaces a failed pipe of the same pair. */
  addNodePipe(names: NodePipeNames, created: Promise<PipeEndpoint>): NodePipe {
    return this.#add((status) => new NodePipe(names, status, created, this.#deps.clock));
  }

  /** Adds a pipe between two workers of this node. Replaces a failed pipe of the same pair. */
  addWorkerPipe(names: PipeNames): WorkerPipe {
    return this.#add((status) => new WorkerPipe(names, status));
  }

  holds(pipe: Pipe): boolean {
    return this.pipe(pipe.key) === pipe && pipe.phase.kind !== 'failed';
  }

  opened(pipe: Pipe): void {
    if (!this.#setPhase(pipe, { kind: 'open' })) return;
    // Nothing gets lost between two workers of a node.
    if (pipe instanceof WorkerPipe) this.#forgetFailures(pipe.key);
    this.#deps.onChange();
  }

  /** Packets arrive in both directions: earlier failures count no more. */
  works(pipe: Pipe): void {
    if (!this.holds(pipe) || !this.isSuspect(pipe)) return;
    this.#forgetFailures(pipe.key);
    this.#deps.onChange();
  }

  /** Whether it has failed and is not known to work again. */
  isSuspect({ key }: Pipe): boolean {
    return this.#failures.has(key);
  }

  /** Whether the path to a node, or to one of its routers, counts as down: its tracks are pulled through a relay. */
  isPathDown(at: { readonly nodeId: string; readonly routerId?: string }): boolean {
    return this.pipes.some(
      ({ key, peer }) =>
        peer.nodeId === at.nodeId &&
        (at.routerId === undefined || peer.routerId === at.routerId) &&
        (this.#pathFailures.get(key) ?? 0) >= PATH_DOWN_AFTER_FAILURES,
    );
  }

  closing(pipe: Pipe): void {
    this.#setPhase(pipe, { kind: 'closing' });
  }

  /** The other end still needs it: open again, idle from now. */
  kept(pipe: Pipe): void {
    if (!this.#setPhase(pipe, { kind: 'open' })) return;
    const status = this.#statuses.get(pipe);
    if (status) status.idleSinceMs = undefined;
    this.#deps.onChange();
  }

  /**
   * The pipe could not be opened, or broke: everything in it ends, and it may be tried again later. `pathFailures`: how
   * many failures to count against the path, because nobody answered or nothing arrived.
   */
  failed(pipe: Pipe, nowMs: number, { pathFailures = 0 }: { pathFailures?: number } = {}): void {
    if (!this.holds(pipe)) return;
    this.#pathFailures.set(pipe.key, (this.#pathFailures.get(pipe.key) ?? 0) + pathFailures);
    this.#setAside(pipe, this.#retryAtMs(pipe.key, nowMs));
  }

  /** The other node has closed it. A suspect pipe stays suspect. */
  closedByPeer(pipe: Pipe, nowMs: number): void {
    if (this.isSuspect(pipe)) this.#setAside(pipe, nowMs + this.#deps.policy.backoff.maxMs);
    else this.drop(pipe, 'closed by the other node');
  }

  /** Closes the pipe with everything in it and forgets it. */
  drop(pipe: Pipe, reason: string): void {
    if (this.#pipes.get(pipe.key) !== pipe) return;
    this.#discard(pipe, reason);
    this.#forgetFailures(pipe.key);
    this.#deps.onChange();
  }

  /** This node sends a track into the pipe. */
  addOutgoing(pipe: NodePipe, media: MediaKey, track: OutgoingTrack): void {
    this.#statuses.get(pipe)?.outgoing.set(media, track);
  }

  /** The track has ended. */
  removeOutgoing(pipe: NodePipe, media: MediaKey, track: OutgoingTrack): void {
    const outgoing = this.#statuses.get(pipe)?.outgoing;
    if (outgoing?.get(media) === track) outgoing.delete(media);
    this.#deps.onChange();
  }

  addHop(wanted: Pull, stop: () => void): Hop {
    const hop = newHop(wanted, stop);
    this.#hops.set(hopKey(hop.media, hop.into), hop);
    return hop;
  }

  /** Replaces `earlier` as soon as it flows. */
  addSuccessor(earlier: Hop, wanted: Pull, stop: () => void): Hop {
    const hop = newHop(wanted, stop);
    this.#writable(earlier).successor = { kind: 'pulling', hop };
    return hop;
  }

  holdsHop(hop: Hop): boolean {
    return this.hop(hop.media, hop.into) === hop || this.#predecessor(hop) !== undefined;
  }

  /** Returns the hop that it replaces, which flows on until `retired`. */
  flowing(hop: Hop, source: MediaSource): Hop | undefined {
    const key = hopKey(hop.media, hop.into);
    const earlier = this.#predecessor(hop);
    const writable = this.#writable(hop);
    writable.state = { kind: 'flowing' };
    writable.source = source;
    if (earlier) {
      earlier.successor = undefined;
      this.#hops.set(key, writable);
      this.#retiring.add(earlier);
    }
    this.#failures.delete(key);
    this.#deps.onChange();
    return earlier;
  }

  /** The handover is over. */
  retired(hop: Hop): void {
    if (!this.#retiring.delete(hop)) return;
    hop.stop();
    this.#deps.onChange();
  }

  hopFailed(hop: Hop, nowMs: number): void {
    if (!this.holdsHop(hop) || hop.state.kind === 'failed') return;
    hop.stop();
    const writable = this.#writable(hop);
    writable.source = undefined;
    const key = hopKey(hop.media, hop.into);
    const earlier = this.#predecessor(hop);
    if (earlier) earlier.successor = { kind: 'failed', retryAtMs: this.#retryAtMs(key, nowMs) };
    else if (hop.successor?.kind === 'pulling') this.#hops.set(key, this.#writable(hop.successor.hop));
    else {
      const retryAtMs = this.#retryAtMs(key, nowMs);
      writable.state = { kind: 'failed', retryAtMs, failures: this.#failures.get(key) ?? 1 };
    }
    this.#deps.onChange();
  }

  /** Lets go of a hop and forgets it. */
  release(hop: Hop): void {
    const key = hopKey(hop.media, hop.into);
    if (this.#hops.get(key) !== hop) return;
    this.#hops.delete(key);
    this.#failures.delete(key);
    stopAll(hop);
    this.#deps.onChange();
  }

  /** The router died with its worker: nothing can lead to it or from it. */
  routerLost(routerId: string): void {
    for (const pipe of this.pipes) {
      if (pipe.local === routerId || (pipe instanceof WorkerPipe && pipe.peer.routerId === routerId)) {
        this.drop(pipe, 'worker died');
      }
    }
    for (const hop of this.hops) {
      if (hop.into === routerId) this.release(hop);
    }
  }

  #add<Made extends Pipe>(make: (status: PipeStatus) => Made): Made {
    const status: WritableStatus = {
      phase: { kind: 'opening' },
      idleSinceMs: undefined,
      outgoing: new Map<MediaKey, OutgoingTrack>(),
    };
    const pipe = make(status);
    this.#statuses.set(pipe, status);
    const earlier = this.#pipes.get(pipe.key);
    if (earlier) this.#discard(earlier, 'replaced');
    this.#pipes.set(pipe.key, pipe);
    this.#deps.onChange();
    return pipe;
  }

  #setPhase(pipe: Pipe, phase: PipePhase): boolean {
    const status = this.#statuses.get(pipe);
    if (!status || !this.holds(pipe)) return false;
    status.phase = phase;
    return true;
  }

  #discard(pipe: Pipe, reason: string): void {
    // First, because closing it ends pulls, which would count as further failures of the pipe.
    this.#pipes.delete(pipe.key);
    pipe.close(reason);
    for (const hop of this.#retiring) if (pipeOfHop(hop) === pipe.key) this.retired(hop);
    for (const hop of this.#hops.values()) {
      if (pipeOfHop(hop) === pipe.key) {
        this.#hops.delete(hopKey(hop.media, hop.into));
        stopAll(hop);
      } else if (hop.successor?.kind === 'pulling' && pipeOfHop(hop.successor.hop) === pipe.key) {
        hop.successor.hop.stop();
        hop.successor = undefined;
      }
    }
  }

  /** The hops through which a track flows, is about to, or still does during a handover. */
  #running(): readonly Hop[] {
    const running = this.hops.filter(({ state }) => state.kind !== 'failed');
    const successors = running.flatMap(({ successor }) =>
      successor?.kind === 'pulling' ? [successor.hop] : [],
    );
    return [...running, ...successors, ...this.#retiring];
  }

  /** The hop that `hop` is about to replace. */
  #predecessor(hop: Hop): Writable<Hop> | undefined {
    const present = this.#hops.get(hopKey(hop.media, hop.into));
    return present?.successor?.kind === 'pulling' && present.successor.hop === hop ? present : undefined;
  }

  #setAside(pipe: Pipe, retryAtMs: number): void {
    const status = this.#statuses.get(pipe);
    this.#discard(pipe, 'pipe failed');
    if (status) status.phase = { kind: 'failed', retryAtMs };
    this.#pipes.set(pipe.key, pipe);
    this.#deps.onChange();
  }

  #forgetFailures(key: string): void {
    this.#failures.delete(key);
    this.#pathFailures.delete(key);
  }

  #retryAtMs(key: string, nowMs: number): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return nowMs + this.#backoff(failures);
  }

  /** Every hop was made here; others have it to read. */
  #writable(hop: Hop): Writable<Hop> {
    return hop;
  }
}

function newHop(wanted: Pull, stop: () => void): Writable<Hop> {
  return { ...wanted, state: { kind: 'pulling' }, source: undefined, successor: undefined, stop };
}

function stopAll(hop: Hop): void {
  hop.stop();
  if (hop.successor?.kind === 'pulling') hop.successor.hop.stop();
}

function pipeOfHop(hop: { readonly from: RouterAt; readonly into: string }): string {
  return pipeKey(hop.from.routerId, hop.into);
}
