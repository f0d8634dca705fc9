import type {
  ClosePipeRequest,
  OpenPipeRequest,
  OpenPipeResponse,
  PipeEndCounters,
  PipeProbe,
  PullTrackRequest,
  ReleaseTrackRequest,
} from '@skein/rpc';
import type { Clock } from '@skein/runtime';
import type { MediaSource } from '../media/engine.ts';
import { mediaKey, trackEpochOf, type MediaKey } from '../media/media-key.ts';
import { NodePipe } from './links/pipe.ts';
import type { PipeRegistry } from './links/pipe-registry.ts';
import { PipeError } from './model/pipe-errors.ts';
import { pipeKey, type RouterAt } from './model/pipe-model.ts';
import type { PipePolicy } from './model/pipe-policy.ts';
import type { PipeRoom } from './model/pipe-room.ts';
import type { RelayHost } from './relays/relay-host.ts';
import { OutgoingTrack, type PullStream } from './tracks/outgoing-track.ts';

/** The answer about an end that this node does not have. */
export const UNKNOWN_END: PipeEndCounters = { known: false, late: false, sentBytes: 0, receivedBytes: 0 };

export interface PipeServerDeps {
  readonly nodeId: string;
  readonly room: PipeRoom;
  readonly registry: PipeRegistry;
  readonly relayHost: RelayHost;
  readonly policy: PipePolicy;
  readonly clock: Clock;
  /** Adds this node's end of a pipe that another node opens. */
  readonly addNodePipe: (local: string, peer: RouterAt) => NodePipe;
}

/** Serves what other nodes request about the pipes of one room. */
export class PipeServer {
  readonly #deps: PipeServerDeps;

  constructor(deps: PipeServerDeps) {
    this.#deps = deps;
  }

  /**
   * Connects the caller's end to ours. If both nodes open the same pipe at once, our end is the one that we are opening;
   * if the caller comes with another end than the known one, the old pipe is dead and is replaced.
   */
  async open({ caller, routerId }: OpenPipeRequest): Promise<OpenPipeResponse> {
    const { nodeId, registry, clock } = this.#deps;
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

  /** Sends a track into the pipe for as long as it is pulled: one that is published here, or one to relay. */
  async pull(request: PullTrackRequest, stream: PullStream): Promise<void> {
    const { registry, clock, policy } = this.#deps;
    const pipe = registry.nodePipeByInstance(request.calleeInstanceId);
    // The caller may be ahead of us: the answer to our own opening of the same pipe may still be under way.
    await pipe?.connected;
    if (stream.closed.aborted) return;
    const isHeld = (): boolean =>
      pipe?.endpoint !== undefined &&
      pipe.remoteInstanceId === request.callerInstanceId &&
      registry.holds(pipe);
    if (!pipe || !isHeld()) throw PipeError.gone();
    const media = mediaKey(request);
    const present = pipe.outgoing.get(media);
    // A puller that lost its call pulls again, maybe before we noticed: the same copy is kept.
    if (present) return present.attach(request.pullId, stream);
    const { source, demand } = await this.#sourceFor(media, pipe.local, request.relayFrom, stream.closed);
    const { endpoint } = pipe;
    if (!endpoint || !isHeld() || stream.closed.aborted || pipe.outgoing.has(media)) {
      demand?.[Symbol.dispose]();
      throw PipeError.gone();
    }
    const track: OutgoingTrack = new OutgoingTrack({
      ...{ media, clock, graceMs: policy.pullGraceMs },
      onEnd: () => {
        demand?.[Symbol.dispose]();
        registry.removeOutgoing(pipe, media, track);
      },
    });
    registry.addOutgoing(pipe, media, track);
    track.attach(request.pullId, stream);
    await track.open(endpoint, source);
  }

  release({ trackId, epoch, calleeInstanceId, pullId }: ReleaseTrackRequest): void {
    const pipe = this.#deps.registry.nodePipeByInstance(calleeInstanceId);
    pipe?.outgoing.get(mediaKey({ trackId, epoch }))?.release(pullId);
  }

  async count({ callerInstanceId, calleeInstanceId }: PipeProbe): Promise<PipeEndCounters> {
    const { registry } = this.#deps;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    const isKnown = pipe?.remoteInstanceId === callerInstanceId && registry.holds(pipe);
    const counted = isKnown ? await pipe.count() : 'gone';
    if (counted === 'gone') return UNKNOWN_END;
    if (counted === 'late') return { ...UNKNOWN_END, known: true, late: true };
    const { sentBytes, receivedBytes } = counted;
    return { known: true, late: false, sentBytes, receivedBytes };
  }

  /** Closes our end unless tracks still cross it, or it is a trial. An unknown end counts as closed. */
  close({ callerInstanceId, calleeInstanceId }: ClosePipeRequest): boolean {
    const { registry, clock } = this.#deps;
    const pipe = registry.nodePipeByInstance(calleeInstanceId);
    if (!pipe || pipe.remoteInstanceId !== callerInstanceId || !registry.holds(pipe)) return true;
    const onTrial = pipe.trial && registry.isSuspect(pipe);
    if (pipe.phase.kind === 'opening' || registry.inUse(pipe) || onTrial) return false;
    registry.closedByPeer(pipe, clock.monotonicMs());
    return true;
  }

  /**
   * A router through which another node gets the tracks of an origin that it cannot reach. `givenUp`: its pipes to the
   * origin, which is notified. Fails `UNAVAILABLE`.
   */
  async offerRelay(originNodeId: string, givenUp: readonly PipeProbe[]): Promise<string> {
    const { registry, relayHost } = this.#deps;
    const indirect = registry.hops.some(({ relayFrom }) => relayFrom?.nodeId === originNodeId);
    if (indirect || registry.isPathDown({ nodeId: originNodeId })) throw PipeError.cannotRelay(originNodeId);
    return await relayHost.offer(originNodeId, givenUp);
  }

  #pipeFor(callerRouterId: string, routerId: string, callerNodeId: string, instanceId: string): NodePipe {
    const { registry, addNodePipe } = this.#deps;
    const known = registry.pipe(pipeKey(callerRouterId, routerId));
    if (known instanceof NodePipe && registry.holds(known) && known.phase.kind !== 'closing') {
      if (known.remoteInstanceId === undefined || known.remoteInstanceId === instanceId) return known;
    }
    return addNodePipe(routerId, { nodeId: callerNodeId, routerId: callerRouterId });
  }

  /**
   * A track of this node, or one to relay, directly from the node that publishes it. A track that arrived here through a
   * relay is not passed on, nor any track without a relay request: its puller would have a wrong idea of its route.
   */
  async #sourceFor(
    media: MediaKey,
    routerId: string,
    relayFrom: RouterAt | null | undefined,
    signal: AbortSignal,
  ): Promise<{ source: MediaSource; demand?: Disposable }> {
    const { nodeId, registry, room, relayHost } = this.#deps;
    if (relayFrom && relayFrom.nodeId !== nodeId) {
      const indirect = registry.hops.some((hop) => hop.media === media && hop.relayFrom);
      if (indirect || registry.isPathDown(relayFrom)) throw PipeError.cannotRelay(relayFrom.nodeId);
      return await relayHost.pull({ media, origin: relayFrom, routerId }, signal);
    }
    const source = room.sourceAt(routerId, media);
    if (!source || registry.hop(media, routerId)) throw PipeError.trackNotHere(trackEpochOf(media).trackId);
    return { source };
  }
}
