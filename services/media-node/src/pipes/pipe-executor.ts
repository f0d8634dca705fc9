import { SkeinError, type ErrorCode } from '@skein/protocol';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource } from '../media/engine.ts';
import { trackEpochOf } from '../media/media-key.ts';
import { WorkerPipe, type NodePipe, type Pipe } from './links/pipe.ts';
import type { Hop, PipeRegistry } from './links/pipe-registry.ts';
import type { PeerPipes } from './model/peer-pipes.ts';
import { PipeError } from './model/pipe-errors.ts';
import { pipeKey, type Pull, type RouterAt } from './model/pipe-model.ts';
import type { PipePolicy } from './model/pipe-policy.ts';
import type { PipeRoom } from './model/pipe-room.ts';
import type { PipeCommand, WantedPipe } from './planning/pipe-plan.ts';
import type { RelayFinder } from './relays/relay-finder.ts';
import { TrackInlet } from './tracks/track-inlet.ts';
import { TrackOutlet } from './tracks/track-outlet.ts';
import { TrackPull } from './tracks/track-pull.ts';

/** Errors of a path that is down, as opposed to a node that refuses. */
const PATH_ERRORS: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);

export interface PipeExecutorDeps {
  readonly nodeId: string;
  readonly room: PipeRoom;
  readonly registry: PipeRegistry;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly relays: RelayFinder;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
}

/**
 * Executes the planner's commands: one command, one call, and its outcome into the registry, for the next plan. State
 * changes before anything is awaited, so the next plan already sees the command as under way.
 */
export class PipeExecutor {
  readonly #deps: PipeExecutorDeps;

  constructor(deps: PipeExecutorDeps) {
    this.#deps = deps;
  }

  execute(command: PipeCommand): void {
    switch (command.type) {
      case 'openPipe':
        return this.#openPipe(command);
      case 'closePipe':
        return this.#closePipe(command.key);
      case 'pullTrack':
        return this.#pull(command);
      case 'replacePull':
        return this.#replace(command);
      case 'releaseTrack': {
        const hop = this.#deps.registry.hop(command.media, command.into);
        if (hop) this.#deps.registry.release(hop);
        return;
      }
      case 'findRelay':
        return this.#deps.relays.find(command.nodeId);
      case 'forgetRelay':
        return this.#deps.relays.forget(command.nodeId);
    }
  }

  /** Adds this node's end of a pipe, which is being created. */
  addNodePipe(local: string, peer: RouterAt, { trial = false } = {}): NodePipe {
    const { ids, registry, room } = this.#deps;
    const names = { key: pipeKey(local, peer.routerId), local, peer, instanceId: ids('pip'), trial };
    return registry.addNodePipe(names, room.createPipeEnd(local, { secure: true }));
  }

  #openPipe({ key, local, peer, trial }: WantedPipe): void {
    const { nodeId, registry, room } = this.#deps;
    if (peer.nodeId !== nodeId) {
      const pipe = this.addNodePipe(local, peer, { trial });
      return this.#report(pipe, this.#openToNode(pipe));
    }
    const pipe = registry.addWorkerPipe({ key, local, peer });
    this.#report(
      pipe,
      pipe.open((routerId) => room.createPipeEnd(routerId, { secure: false })),
    );
  }

  #report(pipe: Pipe, opening: Promise<void>): void {
    const { registry, clock, log } = this.#deps;
    opening.then(
      () => registry.opened(pipe),
      (error: unknown) => {
        // The other node's request may have opened it while ours failed.
        if (!registry.holds(pipe) || pipe.phase.kind === 'open') return;
        log.warn(
          { event: 'pipe.open-failed', peerNodeId: pipe.peer.nodeId, err: error },
          'opening a pipe failed',
        );
        const pathFailures = PATH_ERRORS.has(SkeinError.from(error).code) ? 1 : 0;
        registry.failed(pipe, clock.monotonicMs(), { pathFailures });
      },
    );
  }

  async #openToNode(pipe: NodePipe): Promise<void> {
    const { nodeId, room, peers, policy, registry } = this.#deps;
    const [client, caller] = await Promise.all([peers.client(pipe.peer.nodeId), pipe.end(nodeId)]);
    const request = { room: room.name, caller, routerId: pipe.peer.routerId };
    const { callee } = await client.openPipe(request, { deadlineMs: policy.openDeadlineMs });
    if (registry.holds(pipe)) await pipe.connectTo(callee);
  }

  #closePipe(key: string): void {
    const { registry, log } = this.#deps;
    const pipe = registry.pipe(key);
    if (!pipe) return;
    if (pipe instanceof WorkerPipe || pipe.phase.kind !== 'open' || pipe.remoteInstanceId === undefined) {
      return registry.drop(pipe, 'not needed any more');
    }
    registry.closing(pipe);
    this.#closeAtPeer(pipe, pipe.remoteInstanceId).then(
      (closed) => (closed ? registry.drop(pipe, 'not needed any more') : registry.kept(pipe)),
      (error: unknown) => {
        log.debug({ peerNodeId: pipe.peer.nodeId, err: error }, 'closing a pipe at the other node failed');
        registry.drop(pipe, 'not needed any more');
      },
    );
  }

  async #closeAtPeer({ instanceId, peer }: NodePipe, calleeInstanceId: string): Promise<boolean> {
    const { room, peers, policy } = this.#deps;
    const client = await peers.client(peer.nodeId);
    const request = { room: room.name, callerInstanceId: instanceId, calleeInstanceId };
    return (await client.closePipe(request, { deadlineMs: policy.closeDeadlineMs })).closed;
  }

  #pull(wanted: Pull): void {
    const { registry } = this.#deps;
    const earlier = registry.hop(wanted.media, wanted.into);
    if (earlier && earlier.state.kind !== 'failed') return;
    this.#startPull(wanted, (pull, stop) => registry.addHop(pull, stop));
  }

  #replace(wanted: Pull): void {
    const { registry } = this.#deps;
    const earlier = registry.hop(wanted.media, wanted.into);
    if (earlier?.state.kind !== 'flowing' || earlier.successor?.kind === 'pulling') return;
    this.#startPull(wanted, (pull, stop) => registry.addSuccessor(earlier, pull, stop));
  }

  #startPull({ media, from, into, relayFrom }: Pull, add: (wanted: Pull, stop: () => void) => Hop): void {
    const { nodeId, registry, clock, policy } = this.#deps;
    const pipe = registry.pipe(pipeKey(from.routerId, into));
    const endpoint = pipe instanceof WorkerPipe ? pipe.endAt(into) : pipe?.endpoint;
    if (!pipe || !endpoint) return;
    const hop: Hop = add({ media, from, into, relayFrom }, () => {
      inlet.close();
      stopPull();
    });
    const listener = {
      onSource: (source: MediaSource): void => this.#flows(hop, source),
      onEnd: (error: SkeinError): void => this.#pullEnded(hop, pipe, error),
    };
    const retire = (source: MediaSource): void => void clock.after(policy.handoverMs, () => source.close());
    const inlet = new TrackInlet(endpoint, listener, retire);
    const stopPull =
      from.nodeId === nodeId
        ? this.#pullHere(hop, pipe, inlet)
        : this.#pullFromNode(hop, pipe as NodePipe, inlet);
  }

  #flows(hop: Hop, source: MediaSource): void {
    const { registry, room } = this.#deps;
    if (!registry.holdsHop(hop)) return source.close();
    const earlier = registry.flowing(hop, source);
    room.addSource(hop.into, hop.media, source);
    if (earlier) this.#retire(earlier);
  }

  /** Moves the receivers of an earlier route to the new one: viewers at the router, and the node's other routers. */
  #retire(earlier: Hop): void {
    const { nodeId, registry, clock, policy, log } = this.#deps;
    const { media, into } = earlier;
    log.info(
      { event: 'track.rerouted', ...trackEpochOf(media), relayNodeId: earlier.from.nodeId },
      'a track flows directly again; the relay is released after the handover',
    );
    clock.after(policy.handoverMs, () => registry.retired(earlier));
    earlier.source?.events.emit('replaced', {});
    for (const { media: other, from, into: further } of registry.hops)
      if (other === media && from.nodeId === nodeId && from.routerId === into)
        this.#replace({ media, from, into: further });
  }

  #pullEnded(hop: Hop, pipe: Pipe, error: SkeinError): void {
    const { registry, clock, log } = this.#deps;
    if (!registry.holdsHop(hop)) return;
    const { code, message: reason } = error;
    log.info(
      { event: 'pull.ended', ...trackEpochOf(hop.media), peerNodeId: hop.from.nodeId, code, reason },
      'a pull ended',
    );
    // The other node has no such end: this one leads nowhere.
    if (code === 'PIPE_FAILED') return registry.failed(pipe, clock.monotonicMs());
    registry.hopFailed(hop, clock.monotonicMs());
  }

  #pullFromNode(hop: Hop, pipe: NodePipe, inlet: TrackInlet): () => void {
    const { room, peers, policy, clock, random, log, ids } = this.#deps;
    const { instanceId: callerInstanceId, remoteInstanceId: calleeInstanceId } = pipe;
    if (calleeInstanceId === undefined) {
      queueMicrotask(() => inlet.fail(PipeError.gone()));
      return () => {};
    }
    const ends = { callerInstanceId, calleeInstanceId };
    const { media, relayFrom } = hop;
    const request = { room: room.name, ...trackEpochOf(media), ...ends, pullId: ids('pul'), relayFrom };
    const pull = new TrackPull({
      ...{ peers, policy, clock, random, log, inlet, request },
      nodeId: hop.from.nodeId,
    });
    pull.start();
    return () => pull.stop();
  }

  #pullHere(hop: Hop, pipe: Pipe, inlet: TrackInlet): () => void {
    const { room } = this.#deps;
    const endpoint = pipe instanceof WorkerPipe ? pipe.endAt(hop.from.routerId) : undefined;
    const source = room.sourceAt(hop.from.routerId, hop.media);
    const outlet = new TrackOutlet(hop.media, {
      onUpdate: (update) => inlet.handle(update),
      onEnd: () => {},
    });
    const opening =
      endpoint && source
        ? outlet.open(endpoint, source)
        : Promise.reject(PipeError.trackNotHere(trackEpochOf(hop.media).trackId));
    opening.catch((error: unknown) => inlet.fail(error));
    return () => outlet.end('released', { notify: false });
  }
}
