import type { ClosePipeRequest, OpenPipeRequest, OpenPipeResponse, PullTrackRequest } from '@skein/rpc';
import type { Random } from '@skein/runtime';
import type { MediaKey } from '../media/media-key.ts';
import { PipeExecutor, type ExecutorParts } from './executor.ts';
import { NodePipe, WorkerPipe, type Pipe } from './pipe.ts';
import { pipeKey, planPipes, type PipePlanInput } from './plan.ts';
import { PipeRegistry } from './registry.ts';
import { PipeServing, type PullStream } from './serving.ts';

/** What the room knows and the planner needs. */
export type PipeDemand = Omit<PipePlanInput, 'nodeId' | 'pipes' | 'hops' | 'lingerMs'>;

export interface RoomPipesParts extends Omit<ExecutorParts, 'registry' | 'onOutletsChange'> {
  readonly random: Random;
  readonly demand: () => PipeDemand;
  /** Nobody of the room is here any more: idle pipes go at once. */
  readonly abandoned: () => boolean;
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
  readonly #executor: PipeExecutor;
  readonly #serving: PipeServing;
  #planned = false;
  #wake: Disposable | undefined;
  #closed = false;

  constructor(parts: RoomPipesParts) {
    this.#parts = parts;
    const { policy, random } = parts;
    const onChange = (): void => this.changed();
    this.#registry = new PipeRegistry({ policy, random, onChange });
    const executorParts = { ...parts, registry: this.#registry, onOutletsChange: onChange };
    this.#executor = new PipeExecutor(executorParts);
    this.#serving = new PipeServing(executorParts, this.#executor);
  }

  /** Something that the plan depends on may have changed. Many calls in one turn make one plan. */
  changed(): void {
    if (this.#planned || this.#closed) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      if (!this.#closed) this.#plan();
    });
  }

  open(request: OpenPipeRequest): Promise<OpenPipeResponse> {
    return this.#serving.open(request);
  }

  pull(request: PullTrackRequest, stream: PullStream): Promise<void> {
    return this.#serving.pull(request, stream);
  }

  closeFor(request: ClosePipeRequest): boolean {
    return this.#serving.close(request);
  }

  routerLost(routerId: string): void {
    this.#registry.routerLost(routerId);
  }

  /** Whether another node takes it from here. */
  sends(media: MediaKey): boolean {
    return this.#registry.pipes.some((pipe) => pipe instanceof NodePipe && pipe.outlets.has(media));
  }

  get counts(): { readonly nodePipes: number; readonly workerPipes: number } {
    const live = this.#live();
    const workerPipes = live.filter((pipe) => pipe instanceof WorkerPipe).length;
    return { nodePipes: live.length - workerPipes, workerPipes };
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
    for (const pipe of this.#registry.pipes) this.#registry.drop(pipe, 'the room is not here any more');
  }

  #plan(): void {
    const { nodeId, clock, policy, demand, abandoned } = this.#parts;
    const nowMs = clock.now();
    const lingerMs = abandoned() ? 0 : policy.lingerMs;
    const plan = planPipes({ ...demand(), ...this.#registry.view(nowMs), nodeId, lingerMs }, nowMs);
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
