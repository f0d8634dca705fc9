import type {
  ClosePipeRequest,
  OpenPipeRequest,
  OpenPipeResponse,
  PipeEndCounters,
  PipeProbe,
  PullTrackRequest,
  ReleaseTrackRequest,
} from '@skein/rpc';
import type { MediaKey } from '../media/media-key.ts';
import { PipeError } from './model/pipe-errors.ts';
import { PipeExecutor, type ExecutorParts } from './pipe-executor.ts';
import { NodePipe, WorkerPipe, type Pipe } from './links/pipe.ts';
import { pipeKey, planPipes, type PipePlanInput } from './planning/pipe-plan.ts';
import { PipeRegistry } from './links/pipe-registry.ts';
import { RelayDesk, type RelayRoom } from './relays/relay-host.ts';
import { RelayFinder } from './relays/relay-finder.ts';
import { RelayTree } from './relays/relay-tree.ts';
import type { PullStream } from './tracks/outgoing-track.ts';
import { PipeServing } from './pipe-server.ts';
import { CLOSED_AFTER_FAILURES } from './planning/routing.ts';

/** From here on plans are not made one after the other. */
const LONG_PLAN_MS = 2;
/** The longest that a change waits for its plan. */
const REST_MAX_MS = 40;

/** What the room knows and the planner needs. */
export type PipeDemand = Pick<PipePlanInput, 'hub' | 'routers' | 'needs' | 'tracks'>;

type Own = 'registry' | 'relays' | 'desk' | 'onOutletsChange';

export interface RoomPipesParts extends Omit<ExecutorParts, Own> {
  readonly demand: () => PipeDemand;
  /** Nodes that participants of the room are on. */
  readonly roomNodes: () => ReadonlySet<string>;
  /** For tracks that others pull through this node. */
  readonly relayRoom: RelayRoom;
  readonly onRelayIdle: () => void;
  /** Nobody of the room is here any more: idle pipes go at once. */
  readonly abandoned: () => boolean;
}

/** A pipe of which is to be known whether it works. */
export interface WatchedPipe {
  readonly pipe: NodePipe;
  /** Whether a track should be coming in: one that is not known to be muted, though its pull may have failed. */
  readonly expecting: boolean;
}

/** A pipe as it is reported: which tracks cross it, in which direction. */
export interface PipeReport {
  readonly kind: 'node' | 'worker';
  readonly localRouterId: string;
  readonly peerNodeId: string;
  readonly peerRouterId: string;
  readonly tracksIn: readonly MediaKey[];
  readonly tracksOut: readonly MediaKey[];
}

/** The pipes of one room on this node: plans whenever something has changed, and carries the plan out. */
export class RoomPipes {
  readonly #parts: RoomPipesParts;
  readonly #registry: PipeRegistry;
  readonly #relays: RelayFinder;
  readonly #tree: RelayTree;
  readonly #desk: RelayDesk;
  readonly #executor: PipeExecutor;
  readonly #serving: PipeServing;
  #planned = false;
  #planTookMs = 0;
  /** The next plan, where it waits. */
  #next: Disposable | undefined;
  #wake: Disposable | undefined;
  #closed = false;

  constructor(parts: RoomPipesParts) {
    this.#parts = parts;
    const { policy, random } = parts;
    const onChange = (): void => this.changed();
    this.#registry = new PipeRegistry({ policy, random, onChange });
    this.#tree = new RelayTree(parts);
    const roomNodes = (): readonly string[] => [...parts.roomNodes()];
    const treeRelays = (origin: string): readonly string[] => this.#tree.relaysTo(origin);
    this.#relays = new RelayFinder({ ...parts, roomNodes, treeRelays, onChange });
    this.#desk = new RelayDesk({ ...parts, room: parts.relayRoom, onIdle: parts.onRelayIdle });
    const executorParts = {
      ...parts,
      registry: this.#registry,
      relays: this.#relays,
      desk: this.#desk,
      onOutletsChange: onChange,
    };
    this.#executor = new PipeExecutor(executorParts);
    this.#serving = new PipeServing(executorParts, this.#executor);
  }

  /**
   * Something that the plan depends on may have changed. Many calls in one turn make one plan. In a room that is so large
   * that a plan takes some time, plans take at most a fifth of it.
   */
  changed(): void {
    if (this.#planned || this.#closed) return;
    this.#planned = true;
    const plan = (): void => {
      this.#planned = false;
      if (!this.#closed) this.#planTimed();
    };
    if (this.#planTookMs < LONG_PLAN_MS) queueMicrotask(plan);
    else this.#next = this.#parts.clock.after(Math.min(REST_MAX_MS, 4 * this.#planTookMs), plan);
  }

  open(request: OpenPipeRequest): Promise<OpenPipeResponse> {
    return this.#serving.open(request);
  }

  pull(request: PullTrackRequest, stream: PullStream): Promise<void> {
    return this.#serving.pull(request, stream);
  }

  release(request: ReleaseTrackRequest): void {
    this.#serving.release(request);
  }

  count(probe: PipeProbe): Promise<PipeEndCounters> {
    return this.#serving.count(probe);
  }

  closeFor(request: ClosePipeRequest): boolean {
    return this.#serving.close(request);
  }

  /**
   * A router through which another node gets the tracks of one that it cannot reach. `givenUp`: its pipes to that one,
   * which is told. Fails `UNAVAILABLE`.
   */
  async offerRelay(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<string> {
    const indirect = this.#registry.hops.some(({ relayFrom }) => relayFrom?.nodeId === originNodeId);
    if (indirect || this.#registry.isClosedTo({ nodeId: originNodeId }))
      throw PipeError.cannotRelay(originNodeId);
    return await this.#desk.offer(originNodeId, givenUp);
  }

  /** Whether other nodes need the room to be here, though nobody of it is. */
  get relaying(): boolean {
    return this.#desk.busy;
  }

  routerLost(routerId: string): void {
    this.#desk.routerLost(routerId);
    this.#registry.routerLost(routerId);
  }

  /** Whether another node takes it from here. */
  sends(media: MediaKey): boolean {
    return this.#registry.pipes.some((pipe) => pipe instanceof NodePipe && pipe.outlets.has(media));
  }

  /** The pipes through which tracks come in or are wanted, and those that failed before and may work again. */
  get watched(): readonly WatchedPipe[] {
    const { hops } = this.#registry;
    return this.#registry.pipes.flatMap((pipe) => {
      if (!(pipe instanceof NodePipe) || pipe.phase.kind !== 'open') return [];
      const incoming = hops.filter(({ from, into }) => pipeKey(from.routerId, into) === pipe.key);
      if (incoming.length === 0 && !this.#registry.isDoubtful(pipe)) return [];
      return [{ pipe, expecting: incoming.some(({ source }) => !source?.muted) }];
    });
  }

  /** The open pipes into which this node sends. */
  get sending(): readonly NodePipe[] {
    return this.#registry.pipes.filter(
      (pipe): pipe is NodePipe => pipe instanceof NodePipe && pipe.phase.kind === 'open' && pipe.sending,
    );
  }

  works(pipe: NodePipe): void {
    this.#relays.reached(pipe.peer.nodeId);
    this.#registry.works(pipe);
  }

  /** The other node has no end of that pipe any more, and cannot say so itself. */
  givenUpByPeer({ callerInstanceId, calleeInstanceId }: PipeProbe): void {
    const pipe = this.#registry.nodePipeByInstance(calleeInstanceId);
    if (pipe?.remoteInstanceId !== callerInstanceId) return;
    this.broken(pipe, { reason: 'the other node gave it up, and does not reach this one', cutOff: true });
  }

  /** Both ends are given up: the plan makes new ones, and the other node gives up its end when it sees the new one. */
  broken(pipe: NodePipe, { reason, cutOff }: { reason: string; cutOff: boolean }): void {
    const { clock, log } = this.#parts;
    if (!this.#registry.holds(pipe)) return;
    const { instanceId: callerInstanceId, remoteInstanceId: calleeInstanceId } = pipe;
    const { nodeId } = pipe.peer;
    log.warn({ peerNodeId: nodeId, reason }, 'a pipe is broken and is made anew');
    if (calleeInstanceId !== undefined)
      this.#relays.gaveUp(nodeId, { room: this.#parts.room, callerInstanceId, calleeInstanceId });
    // Neither packets nor answers: that is as good as a second try.
    this.#registry.failed(pipe, clock.monotonicMs(), { closed: cutOff ? CLOSED_AFTER_FAILURES : 1 });
  }

  /** `nodePipeBytes`: sent by the ends of those that are open. */
  get counts(): { readonly nodePipes: number; readonly workerPipes: number; readonly nodePipeBytes: number } {
    const live = this.#live();
    const toNodes = live.flatMap((pipe) => (pipe instanceof WorkerPipe ? [] : [pipe]));
    const nodePipeBytes = toNodes.reduce((sum, { sentBytes }) => sum + sentBytes, 0);
    return { nodePipes: toNodes.length, workerPipes: live.length - toNodes.length, nodePipeBytes };
  }

  report(): readonly PipeReport[] {
    return this.#live().map((pipe) => ({
      kind: pipe instanceof WorkerPipe ? 'worker' : 'node',
      localRouterId: pipe.local,
      peerNodeId: pipe.peer.nodeId,
      peerRouterId: pipe.peer.routerId,
      tracksIn: this.#hopsInto(pipe, pipe.local),
      tracksOut:
        pipe instanceof WorkerPipe ? this.#hopsInto(pipe, pipe.peer.routerId) : [...pipe.outlets.keys()],
    }));
  }

  /** Drops every pipe with what crosses it. Other nodes learn it from the ends of their pulls. */
  close(): void {
    this.#closed = true;
    this.#wake?.[Symbol.dispose]();
    this.#next?.[Symbol.dispose]();
    this.#desk.close();
    for (const pipe of this.#registry.pipes) this.#registry.drop(pipe, 'the room is not here any more');
  }

  #planTimed(): void {
    const { clock } = this.#parts;
    const fromMs = clock.monotonicMs();
    this.#plan();
    this.#planTookMs = clock.monotonicMs() - fromMs;
  }

  #plan(): void {
    const { nodeId, clock, policy, demand, abandoned } = this.#parts;
    const nowMs = clock.monotonicMs();
    const lingerMs = abandoned() ? 0 : policy.lingerMs;
    const relays = this.#relays.view;
    const relayed = this.#desk.media;
    const demanded = demand();
    const crowded = this.#tree.crowded(demanded, relays);
    const plan = planPipes(
      { ...demanded, ...this.#registry.view(nowMs), nodeId, relays, relayed, crowded, lingerMs },
      nowMs,
    );
    this.#wake?.[Symbol.dispose]();
    this.#wake =
      plan.wakeAtMs === undefined
        ? undefined
        : // A timer may fire a little before its time by this clock; planning too early only plans again.
          clock.after(Math.max(1, plan.wakeAtMs - nowMs), () => this.changed());
    for (const command of plan.commands) this.#executor.run(command);
  }

  #live(): readonly Pipe[] {
    return this.#registry.pipes.filter((pipe) => pipe.phase.kind !== 'failed');
  }

  #hopsInto(pipe: Pipe, into: string): readonly MediaKey[] {
    const through = this.#registry.hops.filter(
      (hop) =>
        hop.into === into && hop.state.kind !== 'failed' && pipeKey(hop.from.routerId, hop.into) === pipe.key,
    );
    return through.map((hop) => hop.media);
  }
}
