import type {
  ClosePipeRequest,
  OpenPipeRequest,
  OpenPipeResponse,
  PipeEndCounters,
  PipeProbe,
  PullTrackRequest,
  ReleaseTrackRequest,
} from '@skein/rpc';
import type { MediaSource } from '../media/engine.ts';
import { mediaKey, trackEpochOf, type MediaKey } from '../media/media-key.ts';
import { PipeError } from './model/pipe-errors.ts';
import type { ExecutorParts, PipeExecutor } from './pipe-executor.ts';
import { NodePipe } from './links/pipe.ts';
import { pipeKey, type RouterAt } from './planning/pipe-plan.ts';
import { ServedTrack, type PullStream } from './tracks/outgoing-track.ts';

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
      registry.failed(pipe, clock.monotonicMs());
      throw error;
    }
  }

  #pipeFor(callerRouterId: string, routerId: string, callerNodeId: string, instanceId: string): NodePipe {
    const { registry } = this.#parts;
    const known = registry.pipe(pipeKey(callerRouterId, routerId));
    if (known instanceof NodePipe && registry.holds(known) && known.phase.kind !== 'closing') {
      if (known.remoteInstanceId === undefined || known.remoteInstanceId === instanceId) return known;
    }
    return this.#executor.addNodePipe(routerId, { nodeId: callerNodeId, routerId: callerRouterId });
  }

  /** Sends a track into the pipe for as long as it is pulled: one that is published here, or that is to be relayed. */
  async pull(request: PullTrackRequest, stream: PullStream): Promise<void> {
    const { registry } = this.#parts;
    const pipe = registry.nodePipeByInstance(request.calleeInstanceId);
    // The caller may be ahead of us: our own opening of the same pipe is answered, but the answer still under way.
    await pipe?.connected;
    if (stream.closed.aborted) return;
    const isThis = (): boolean =>
      pipe?.endpoint !== undefined &&
      pipe.remoteInstanceId === request.callerInstanceId &&
      registry.holds(pipe);
    if (!pipe || !isThis()) throw PipeError.gone();
    const media = mediaKey(request);
    const kept = pipe.outlets.get(media);
    // A puller that lost its call asks again, maybe before we saw the loss: the same copy goes on.
    if (kept) return kept.attach(request.pullId, stream);
    const { source, need } = await this.#sourceFor(media, pipe.local, request.relayFrom, stream.closed);
    const { endpoint } = pipe;
    if (!endpoint || !isThis() || stream.closed.aborted || pipe.outlets.has(media)) {
      need?.[Symbol.dispose]();
      throw PipeError.gone();
    }
    const { clock, policy } = this.#parts;
    const served: ServedTrack = new ServedTrack({
      ...{ media, clock, graceMs: policy.pullGraceMs },
      onEnd: () => {
        if (pipe.outlets.get(media) === served) pipe.outlets.delete(media);
        need?.[Symbol.dispose]();
        this.#parts.onOutletsChange();
      },
    });
    pipe.outlets.set(media, served);
    served.attach(request.pullId, stream);
    await served.open(endpoint, source);
  }

  release({ trackId, epoch, calleeInstanceId, pullId }: ReleaseTrackRequest): void {
    const pipe = this.#parts.registry.nodePipeByInstance(calleeInstanceId);
    pipe?.outlets.get(mediaKey({ trackId, epoch }))?.release(pullId);
  }

  async count({ callerInstanceId, calleeInstanceId }: PipeProbe): Promise<PipeEndCounters> {
    const { registry } = this.#parts;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    const known = pipe?.remoteInstanceId === callerInstanceId && registry.holds(pipe);
    const counted = known ? await pipe.count() : 'gone';
    const nothing = { known: counted !== 'gone', late: counted === 'late', sentBytes: 0, receivedBytes: 0 };
    if (typeof counted === 'string') return nothing;
    return { ...nothing, sentBytes: counted.sentBytes, receivedBytes: counted.receivedBytes };
  }

  /** Closes our end unless tracks still cross it, or we are trying whether it works. One that is unknown is closed. */
  close({ callerInstanceId, calleeInstanceId }: ClosePipeRequest): boolean {
    const { registry, clock } = this.#parts;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    if (!pipe || pipe.remoteInstanceId !== callerInstanceId || !registry.holds(pipe)) return true;
    const onTrial = pipe.trial && registry.isDoubtful(pipe);
    if (pipe.phase.kind === 'opening' || registry.inUse(pipe) || onTrial) return false;
    registry.closedByPeer(pipe, clock.monotonicMs());
    return true;
  }

  /**
   * A track of this node, or, to be relayed, of the node that it is published on. One that came here through a relay is
   * not passed on, and no other one without being asked to: its puller would not be where it thinks it is.
   */
  async #sourceFor(
    media: MediaKey,
    routerId: string,
    relayFrom: RouterAt | null | undefined,
    signal: AbortSignal,
  ): Promise<{ source: MediaSource; need?: Disposable }> {
    const { nodeId, registry, routers, desk } = this.#parts;
    if (relayFrom && relayFrom.nodeId !== nodeId) {
      const indirect = registry.hops.some((hop) => hop.media === media && hop.relayFrom);
      if (indirect || registry.isClosedTo(relayFrom)) throw PipeError.cannotRelay(relayFrom.nodeId);
      return await desk.pull({ media, origin: relayFrom, routerId }, signal);
    }
    const source = routers.sourceAt(routerId, media);
    if (!source || registry.hop(media, routerId)) throw PipeError.trackNotHere(trackEpochOf(media).trackId);
    return { source };
  }
}
