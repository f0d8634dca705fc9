import type { Random } from '@skein/runtime';
import type { MediaSource } from '../../media/engine.ts';
import type { MediaKey } from '../../media/media-key.ts';
import { backoffMs } from '../../retry/backoff.ts';
import {
  hopKey,
  pipeKey,
  type HopState,
  type HopView,
  type PipeState,
  type PipeView,
  type Pull,
  type RouterAt,
} from '../planning/pipe-plan.ts';
import type { PipePolicy } from '../model/pipe-policy.ts';
import { NodePipe, WorkerPipe, type Pipe } from './pipe.ts';
import { CLOSED_AFTER_FAILURES } from '../planning/routing.ts';

/** The way of one epoch of a track into one router, as it is now. */
export interface Hop {
  readonly media: MediaKey;
  readonly from: RouterAt;
  readonly into: string;
  /** Where the track is published, when `from` is a relay. */
  readonly relayFrom?: RouterAt | undefined;
  state: HopState;
  /** Comes with `flowing`. */
  source: MediaSource | undefined;
  /** A better way that is to take its place when it flows. */
  successor: Successor | undefined;
  /** Stops the pull on this side, without a report. */
  stop: () => void;
}

type Successor =
  { readonly kind: 'pulling'; readonly hop: Hop } | { readonly kind: 'failed'; readonly retryAtMs: number };

/** The pipes and hops of one room on this node: their one owner. Mutated, then `onChange` is told. */
export class PipeRegistry {
  readonly #pipes = new Map<string, Pipe>();
  readonly #hops = new Map<string, Hop>();
  /** Earlier ways of tracks that have come by a better one, for as long as viewers go over. */
  readonly #retiring = new Set<Hop>();
  /** Failures in a row of a pipe or hop, by key; forgotten with success or when nobody needs it. */
  readonly #failures = new Map<string, number>();
  /** Of these, those of a pipe's way: not answered, or nothing came through. */
  readonly #closedTries = new Map<string, number>();
  readonly #policy: PipePolicy;
  readonly #random: Random;
  readonly #onChange: () => void;

  constructor({ policy, random, onChange }: { policy: PipePolicy; random: Random; onChange: () => void }) {
    this.#policy = policy;
    this.#random = random;
    this.#onChange = onChange;
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

  /** What the planner sees. Notes on the way since when each pipe has been idle. */
  view(nowMs: number): { pipes: readonly PipeView[]; hops: readonly HopView[] } {
    const inUse = new Set(this.#running().map(pipeOfHop));
    const pipes = this.pipes.map((pipe) => {
      if (inUse.has(pipe.key) || pipe.sending) pipe.idleSinceMs = undefined;
      else pipe.idleSinceMs ??= nowMs;
      const closedTries = this.#closedTries.get(pipe.key) ?? 0;
      return { key: pipe.key, local: pipe.local, peer: pipe.peer, state: stateOf(pipe), closedTries };
    });
    return { pipes, hops: this.hops };
  }

  /** Whether tracks cross the pipe, or are about to, in either direction. */
  inUse(pipe: Pipe): boolean {
    return pipe.sending || this.#running().some((hop) => pipeOfHop(hop) === pipe.key);
  }

  /** Takes the place of a failed one; there is never a second pipe for a pair. */
  add(pipe: Pipe): void {
    const earlier = this.#pipes.get(pipe.key);
    if (earlier) this.#discard(earlier, 'replaced');
    this.#pipes.set(pipe.key, pipe);
    this.#onChange();
  }

  holds(pipe: Pipe): boolean {
    return this.#pipes.get(pipe.key) === pipe && pipe.phase.kind !== 'failed';
  }

  opened(pipe: Pipe): void {
    if (!this.holds(pipe)) return;
    pipe.phase = { kind: 'open' };
    // Within a node nothing gets lost on the way.
    if (pipe instanceof WorkerPipe) this.#forgetFailures(pipe.key);
    this.#onChange();
  }

  /** Packets come through it both ways: what failed before counts no more. */
  works(pipe: Pipe): void {
    if (!this.holds(pipe) || !this.isDoubtful(pipe)) return;
    this.#forgetFailures(pipe.key);
    this.#onChange();
  }

  /** Whether it has failed and is not known to work again. */
  isDoubtful({ key }: Pipe): boolean {
    return this.#failures.has(key);
  }

  /** Whether the way to a node, or to one of its routers, failed so often that it is gone round. */
  isClosedTo(at: { readonly nodeId: string; readonly routerId?: string }): boolean {
    return this.pipes.some(
      ({ key, peer }) =>
        peer.nodeId === at.nodeId &&
        (at.routerId === undefined || peer.routerId === at.routerId) &&
        (this.#closedTries.get(key) ?? 0) >= CLOSED_AFTER_FAILURES,
    );
  }

  closing(pipe: Pipe): void {
    pipe.phase = { kind: 'closing' };
  }

  /** The other end still needs it: open again, idle from now. */
  kept(pipe: Pipe): void {
    if (!this.holds(pipe)) return;
    pipe.phase = { kind: 'open' };
    pipe.idleSinceMs = undefined;
    this.#onChange();
  }

  /**
   * The pipe could not be opened, or broke: everything in it ends, and it may be tried again later. `closed`: how many
   * tries showed that nobody answers or nothing comes through, rather than that the other node refuses.
   */
  failed(pipe: Pipe, nowMs: number, { closed = 0 }: { closed?: number } = {}): void {
    if (!this.holds(pipe)) return;
    this.#closedTries.set(pipe.key, (this.#closedTries.get(pipe.key) ?? 0) + closed);
    this.#setAside(pipe, this.#retryAtMs(pipe.key, nowMs));
  }

  /** The other node has closed it. One that was not known to work stays doubtful. */
  closedByPeer(pipe: Pipe, nowMs: number): void {
    if (this.isDoubtful(pipe)) this.#setAside(pipe, nowMs + this.#policy.backoff.maxMs);
    else this.drop(pipe, 'closed by the other node');
  }

  /** Closes the pipe with everything in it and forgets it. */
  drop(pipe: Pipe, reason: string): void {
    if (this.#pipes.get(pipe.key) !== pipe) return;
    this.#discard(pipe, reason);
    this.#forgetFailures(pipe.key);
    this.#onChange();
  }

  addHop(wanted: Pull, stop: () => void): Hop {
    const hop = newHop(wanted, stop);
    this.#hops.set(hopKey(hop.media, hop.into), hop);
    return hop;
  }

  /** Takes the place of `earlier` when it flows. */
  addSuccessor(earlier: Hop, wanted: Pull, stop: () => void): Hop {
    const hop = newHop(wanted, stop);
    earlier.successor = { kind: 'pulling', hop };
    return hop;
  }

  holdsHop(hop: Hop): boolean {
    return this.#hops.get(hopKey(hop.media, hop.into)) === hop || this.#succeeded(hop) !== undefined;
  }

  /** Answers with the hop whose place it takes, which goes on until `retired`. */
  flowing(hop: Hop, source: MediaSource): Hop | undefined {
    const key = hopKey(hop.media, hop.into);
    const earlier = this.#succeeded(hop);
    hop.state = { kind: 'flowing' };
    hop.source = source;
    if (earlier) {
      earlier.successor = undefined;
      this.#hops.set(key, hop);
      this.#retiring.add(earlier);
    }
    this.#failures.delete(key);
    this.#onChange();
    return earlier;
  }

  /** Who received it by its earlier way has gone over, or had the time. */
  retired(hop: Hop): void {
    if (!this.#retiring.delete(hop)) return;
    hop.stop();
    this.#onChange();
  }

  hopFailed(hop: Hop, nowMs: number): void {
    if (!this.holdsHop(hop) || hop.state.kind === 'failed') return;
    hop.stop();
    hop.source = undefined;
    const key = hopKey(hop.media, hop.into);
    const earlier = this.#succeeded(hop);
    if (earlier) earlier.successor = { kind: 'failed', retryAtMs: this.#retryAtMs(key, nowMs) };
    else if (hop.successor?.kind === 'pulling') this.#hops.set(key, hop.successor.hop);
    else {
      const retryAtMs = this.#retryAtMs(key, nowMs);
      hop.state = { kind: 'failed', retryAtMs, failures: this.#failures.get(key) ?? 1 };
    }
    this.#onChange();
  }

  /** Lets go of a hop and forgets it. */
  release(hop: Hop): void {
    const key = hopKey(hop.media, hop.into);
    if (this.#hops.get(key) !== hop) return;
    this.#hops.delete(key);
    this.#failures.delete(key);
    stopAll(hop);
    this.#onChange();
  }

  /** The router is gone with its worker: nothing can lead to it or from it. */
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

  #discard(pipe: Pipe, reason: string): void {
    this.#pipes.delete(pipe.key);
    pipe.close(reason);
    for (const hop of this.#retiring) if (pipeOfHop(hop) === pipe.key) this.retired(hop);
    for (const hop of this.hops) {
      if (pipeOfHop(hop) === pipe.key) {
        this.#hops.delete(hopKey(hop.media, hop.into));
        stopAll(hop);
      } else if (hop.successor?.kind === 'pulling' && pipeOfHop(hop.successor.hop) === pipe.key) {
        hop.successor.hop.stop();
        hop.successor = undefined;
      }
    }
  }

  /** The hops through which a track comes, is about to, or does for a little longer. */
  #running(): readonly Hop[] {
    const running = this.hops.filter(({ state }) => state.kind !== 'failed');
    const successors = running.flatMap(({ successor }) =>
      successor?.kind === 'pulling' ? [successor.hop] : [],
    );
    return [...running, ...successors, ...this.#retiring];
  }

  /** The hop whose place `hop` is to take. */
  #succeeded(hop: Hop): Hop | undefined {
    const present = this.#hops.get(hopKey(hop.media, hop.into));
    return present?.successor?.kind === 'pulling' && present.successor.hop === hop ? present : undefined;
  }

  #setAside(pipe: Pipe, retryAtMs: number): void {
    this.#discard(pipe, 'pipe failed');
    pipe.phase = { kind: 'failed', retryAtMs };
    this.#pipes.set(pipe.key, pipe);
    this.#onChange();
  }

  #forgetFailures(key: string): void {
    this.#failures.delete(key);
    this.#closedTries.delete(key);
  }

  #retryAtMs(key: string, nowMs: number): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.set(key, failures);
    return nowMs + backoffMs(this.#policy.backoff, failures, this.#random);
  }
}

function newHop(wanted: Pull, stop: () => void): Hop {
  return { ...wanted, state: { kind: 'pulling' }, source: undefined, successor: undefined, stop };
}

function stopAll(hop: Hop): void {
  hop.stop();
  if (hop.successor?.kind === 'pulling') hop.successor.hop.stop();
}

function pipeOfHop(hop: { from: RouterAt; into: string }): string {
  return pipeKey(hop.from.routerId, hop.into);
}

function stateOf({ phase, idleSinceMs }: Pipe): PipeState {
  return phase.kind === 'open' ? { kind: 'open', idleSinceMs } : phase;
}
