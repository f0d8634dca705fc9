import type { PipeProbe } from '@skein/rpc';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaKey } from '../media/media-key.ts';
import type { MonitoredPipe } from './health/pipe-monitor.ts';
import { NodePipe, WorkerPipe, type Pipe } from './links/pipe.ts';
import { PipeRegistry } from './links/pipe-registry.ts';
import type { PeerPipes } from './model/peer-pipes.ts';
import { PATH_DOWN_AFTER_FAILURES, pipeKey } from './model/pipe-model.ts';
import type { PipePolicy } from './model/pipe-policy.ts';
import type { PipeRoom } from './model/pipe-room.ts';
import { PipeExecutor } from './pipe-executor.ts';
import { PipeServer } from './pipe-server.ts';
import { planPipes } from './planning/pipe-plan.ts';
import { RelayFinder } from './relays/relay-finder.ts';
import { RelayHost } from './relays/relay-host.ts';
import { RelayTree } from './relays/relay-tree.ts';

/** When a plan takes longer than this, the next one waits. */
const LONG_PLAN_MS = 2;
/** The longest that a change waits for its plan. */
const REST_MAX_MS = 40;

export interface RoomPipesDeps {
  readonly nodeId: string;
  readonly room: PipeRoom;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  /** Called when nothing of the room is relayed here any more. */
  readonly onRelayIdle: () => void;
}

/** A pipe as reported: the tracks that cross it, by direction. */
export interface PipeReport {
  readonly kind: 'node' | 'worker';
  readonly localRouterId: string;
  readonly peerNodeId: string;
  readonly peerRouterId: string;
  readonly tracksIn: readonly MediaKey[];
  readonly tracksOut: readonly MediaKey[];
}

/** The pipes of one room on this node: plans after every change, and executes the plan. */
export class RoomPipes {
  /** What other nodes request about these pipes. */
  readonly server: PipeServer;
  readonly #deps: RoomPipesDeps;
  readonly #registry: PipeRegistry;
  readonly #relays: RelayFinder;
  readonly #tree: RelayTree;
  readonly #relayHost: RelayHost;
  readonly #executor: PipeExecutor;
  #planned = false;
  #planTookMs = 0;
  /** The next plan, while it waits. */
  #next: Disposable | undefined;
  #wake: Disposable | undefined;
  #closed = false;

  constructor(deps: RoomPipesDeps) {
    this.#deps = deps;
    const onChange = (): void => this.changed();
    const registry = new PipeRegistry({ ...deps, onChange });
    this.#registry = registry;
    this.#tree = new RelayTree(deps);
    const treeRelays = (origin: string): readonly string[] => this.#tree.relaysTo(origin);
    this.#relays = new RelayFinder({ ...deps, treeRelays, onChange });
    this.#relayHost = new RelayHost({ ...deps, onIdle: deps.onRelayIdle });
    this.#executor = new PipeExecutor({ ...deps, registry, relays: this.#relays });
    this.server = new PipeServer({
      ...deps,
      ...{ registry, relayHost: this.#relayHost },
      addNodePipe: (local, peer) => this.#executor.addNodePipe(local, peer),
    });
  }

  /**
   * To be called when something changed that the plan depends on. Many calls in one turn make one plan. In a room so
   * large that planning takes noticeable time, plans use at most a fifth of it.
   */
  changed(): void {
    if (this.#planned || this.#closed) return;
    this.#planned = true;
    const plan = (): void => {
      this.#planned = false;
      if (!this.#closed) this.#planTimed();
    };
    if (this.#planTookMs < LONG_PLAN_MS) queueMicrotask(plan);
    else this.#next = this.#deps.clock.after(Math.min(REST_MAX_MS, 4 * this.#planTookMs), plan);
  }

  /** Whether other nodes need the room here, though no participant of it may be. */
  get relaying(): boolean {
    return this.#relayHost.busy;
  }

  routerLost(routerId: string): void {
    this.#relayHost.routerLost(routerId);
    this.#registry.routerLost(routerId);
  }

  /** Whether another node pulls the track from here. */
  sends(media: MediaKey): boolean {
    return this.#registry.pipes.some((pipe) => pipe instanceof NodePipe && pipe.outgoing.has(media));
  }

  /** The pipes through which tracks arrive or are expected, and the suspect ones. */
  get monitored(): readonly MonitoredPipe[] {
    const { hops } = this.#registry;
    return this.#registry.pipes.flatMap((pipe) => {
      if (!(pipe instanceof NodePipe) || pipe.phase.kind !== 'open') return [];
      const incoming = hops.filter(({ from, into }) => pipeKey(from.routerId, into) === pipe.key);
      if (incoming.length === 0 && !this.#registry.isSuspect(pipe)) return [];
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

  /** The other node has given up its end of that pipe, and cannot reach this node to say so. */
  givenUpByPeer({ callerInstanceId, calleeInstanceId }: PipeProbe): void {
    const pipe = this.#registry.nodePipeByInstance(calleeInstanceId);
    if (pipe?.remoteInstanceId !== callerInstanceId) return;
    this.broken(pipe, { reason: 'the other node gave it up, and does not reach this one', cutOff: true });
  }

  /** Gives up both ends: the plan opens a new pipe, and the other node drops its end when it sees the new one. */
  broken(pipe: NodePipe, { reason, cutOff }: { reason: string; cutOff: boolean }): void {
    const { room, clock, log } = this.#deps;
    if (!this.#registry.holds(pipe)) return;
    const { instanceId: callerInstanceId, remoteInstanceId: calleeInstanceId } = pipe;
    const { nodeId } = pipe.peer;
    log.warn({ event: 'pipe.broken', peerNodeId: nodeId, reason }, 'a pipe is broken and will be replaced');
    if (calleeInstanceId !== undefined)
      this.#relays.gaveUp(nodeId, { room: room.name, callerInstanceId, calleeInstanceId });
    // Neither packets nor answers: counts like a second failure.
    const pathFailures = cutOff ? PATH_DOWN_AFTER_FAILURES : 1;
    this.#registry.failed(pipe, clock.monotonicMs(), { pathFailures });
  }

  /** `nodePipeBytes`: sent by the open ends. */
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
        pipe instanceof WorkerPipe ? this.#hopsInto(pipe, pipe.peer.routerId) : [...pipe.outgoing.keys()],
    }));
  }

  /** Drops every pipe with what crosses it. Other nodes notice the end of their pulls. */
  close(): void {
    this.#closed = true;
    this.#wake?.[Symbol.dispose]();
    this.#next?.[Symbol.dispose]();
    this.#relayHost.close();
    for (const pipe of this.#registry.pipes) this.#registry.drop(pipe, 'the room is not here any more');
  }

  #planTimed(): void {
    const { clock } = this.#deps;
    const fromMs = clock.monotonicMs();
    this.#plan();
    this.#planTookMs = clock.monotonicMs() - fromMs;
  }

  #plan(): void {
    const { nodeId, room, clock, policy } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#registry.updateIdle(nowMs);
    const abandoned = !room.hasSessions && !this.relaying;
    const relays = this.#relays.view;
    const { demand } = room;
    const plan = planPipes(
      {
        ...demand,
        ...this.#registry.view(),
        ...{ nodeId, relays },
        relayed: this.#relayHost.media,
        atFanOutLimit: this.#tree.atFanOutLimit(demand, relays),
        lingerMs: abandoned ? 0 : policy.lingerMs,
      },
      nowMs,
    );
    this.#wake?.[Symbol.dispose]();
    this.#wake =
      plan.wakeAtMs === undefined
        ? undefined
        : // A timer may fire slightly early by this clock; planning too early only plans again.
          clock.after(Math.max(1, plan.wakeAtMs - nowMs), () => this.changed());
    for (const command of plan.commands) this.#executor.execute(command);
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
