import type {
  ClosePipeRequest,
  OpenPipeRequest,
  OpenPipeResponse,
  PullTrackRequest,
  TrackUpdate,
} from '@skein/rpc';
import { mediaKey } from '../media/media-key.ts';
import { PipeError } from './errors.ts';
import type { ExecutorParts, PipeExecutor } from './executor.ts';
import { NodePipe } from './pipe.ts';
import { pipeKey } from './plan.ts';
import { TrackOutlet } from './track-outlet.ts';

/** Where a pulled track's updates go, for as long as the puller listens. */
export interface PullStream {
  send(update: TrackUpdate): boolean;
  readonly closed: AbortSignal;
  end(error?: unknown): void;
}

/** What other nodes ask about the pipes of one room. */
export class PipeServing {
  readonly #parts: ExecutorParts;
  readonly #executor: PipeExecutor;

  constructor(parts: ExecutorParts, executor: PipeExecutor) {
    this.#parts = parts;
    this.#executor = executor;
  }

  /**
   * Connects the caller's end to ours. If we are opening the same pipe ourselves, our end is that one; if the caller
   * comes with another end than the one we knew, the old pipe is dead and ours is made anew.
   */
  async open({ caller, routerId }: OpenPipeRequest): Promise<OpenPipeResponse> {
    const { nodeId, registry, clock } = this.#parts;
    const pipe = this.#pipeFor(caller.routerId, routerId, caller.nodeId, caller.instanceId);
    try {
      await pipe.connectTo(caller);
      const callee = await pipe.end(nodeId);
      if (!registry.holds(pipe)) throw PipeError.gone();
      registry.opened(pipe);
      return { callee };
    } catch (error) {
      registry.failed(pipe, clock.now());
      throw error;
    }
  }

  #pipeFor(callerRouterId: string, routerId: string, callerNodeId: string, instanceId: string): NodePipe {
    const { registry } = this.#parts;
    const known = registry.pipe(pipeKey(callerRouterId, routerId));
    if (known instanceof NodePipe && registry.holds(known) && known.phase.kind !== 'closing') {
      if (known.remoteInstanceId === undefined || known.remoteInstanceId === instanceId) return known;
    }
    if (known) registry.drop(known, 'replaced by the other node');
    return this.#executor.addNodePipe(routerId, { nodeId: callerNodeId, routerId: callerRouterId });
  }

  /** Sends a track that is published here into the pipe until the stream closes. */
  async pull(
    { trackId, epoch, callerInstanceId, calleeInstanceId }: PullTrackRequest,
    stream: PullStream,
  ): Promise<void> {
    const { registry, routers } = this.#parts;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    // The caller may be ahead of us: our own opening of the same pipe is answered, but the answer still under way.
    await pipe?.connected;
    if (stream.closed.aborted) return;
    if (!pipe?.endpoint || pipe.remoteInstanceId !== callerInstanceId || !registry.holds(pipe))
      throw PipeError.gone();
    const media = mediaKey({ trackId, epoch });
    const source = routers.sourceAt(pipe.local, media);
    // A track that itself came through a pipe is not passed on: its puller would no longer be at the origin.
    if (!source || registry.hop(media, pipe.local)) throw PipeError.trackNotHere(trackId);
    // A puller that lost its stream asks again, maybe before we saw the loss: still one copy.
    pipe.outlets.get(media)?.end('pulled again');
    const outlet: TrackOutlet = new TrackOutlet(media, {
      onUpdate: (update) => stream.send(update),
      onEnd: () => {
        if (pipe.outlets.get(media) === outlet) pipe.outlets.delete(media);
        stream.end();
        this.#parts.onOutletsChange();
      },
    });
    pipe.outlets.set(media, outlet);
    stream.closed.addEventListener('abort', () => outlet.end('released', { tell: false }), { once: true });
    await outlet.open(pipe.endpoint, source);
  }

  /** Closes our end unless tracks still cross it. One that is unknown is closed. */
  close({ callerInstanceId, calleeInstanceId }: ClosePipeRequest): boolean {
    const { registry } = this.#parts;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    if (!pipe || pipe.remoteInstanceId !== callerInstanceId || !registry.holds(pipe)) return true;
    if (pipe.phase.kind === 'opening' || registry.inUse(pipe)) return false;
    registry.drop(pipe, 'closed by the other node');
    return true;
  }
}
