import { SkeinError, type ErrorCode } from '@skein/protocol';
import type { PipeServiceClient } from '@skein/rpc';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource, PipeEndpoint } from '../media/engine.ts';
import { trackEpochOf, type MediaKey } from '../media/media-key.ts';
import { PipeError } from './model/pipe-errors.ts';
import { NodePipe, WorkerPipe, type Pipe } from './links/pipe.ts';
import {
  pipeKey,
  type PipeCommand,
  type Pull,
  type RouterAt,
  type WantedPipe,
} from './planning/pipe-plan.ts';
import type { PipePolicy } from './model/pipe-policy.ts';
import type { Hop, PipeRegistry } from './links/pipe-registry.ts';
import type { RelayDesk } from './relays/relay-host.ts';
import type { RelayFinder } from './relays/relay-finder.ts';
import { TrackInlet } from './tracks/track-inlet.ts';
import { TrackOutlet } from './tracks/track-outlet.ts';
import { TrackPull } from './tracks/track-pull.ts';

/** Errors that say that the way to a node is closed, rather than that the node refuses. */
const WAY_CLOSED: ReadonlySet<ErrorCode> = new Set(['UNAVAILABLE', 'DEADLINE_EXCEEDED']);

/** The other nodes, as far as pipes need them. */
export interface PeerPipes {
  /** Fails `PIPE_FAILED` when nothing is known of the node. */
  client(nodeId: string): Promise<PipeServiceClient>;
  /** Nodes that said lately that they are ready. */
  readonly ready: readonly string[];
}

/** This node's routers of one room. */
export interface LocalRouters {
  /** A new end at a router. Fails `PIPE_FAILED` when the router is gone. */
  makePipeEnd(routerId: string, secure: boolean): Promise<PipeEndpoint>;
  /** A track as it is at a router now. */
  sourceAt(routerId: string, media: MediaKey): MediaSource | undefined;
  /** A track has come in at a router. */
  addSource(routerId: string, media: MediaKey, source: MediaSource): void;
}

export interface ExecutorParts {
  readonly nodeId: string;
  readonly room: string;
  readonly registry: PipeRegistry;
  readonly routers: LocalRouters;
  readonly peers: PeerPipes;
  readonly policy: PipePolicy;
  readonly relays: RelayFinder;
  readonly desk: RelayDesk;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  /** What this node sends into its pipes has changed. */
  readonly onOutletsChange: () => void;
}

/**
 * Carries out what the planner says: one command, one call, and what came of it into the registry, for the next plan.
 * State is changed before anything is awaited, so that the next plan already sees the command as under way.
 */
export class PipeExecutor {
  readonly #parts: ExecutorParts;

  constructor(parts: ExecutorParts) {
    this.#parts = parts;
  }

  run(command: PipeCommand): void {
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
        const hop = this.#parts.registry.hop(command.media, command.into);
        if (hop) this.#parts.registry.release(hop);
        return;
      }
      case 'findRelay':
        return this.#parts.relays.find(command.nodeId);
      case 'forgetRelay':
        return this.#parts.relays.forget(command.nodeId);
    }
  }

  /** Adds this node's end of a pipe, being made. */
  addNodePipe(local: string, peer: RouterAt): NodePipe {
    const { ids, registry, routers, clock } = this.#parts;
    const names = { key: pipeKey(local, peer.routerId), local, peer, instanceId: ids('pip') };
    const pipe = new NodePipe(names, routers.makePipeEnd(local, true), clock);
    registry.add(pipe);
    return pipe;
  }

  #openPipe({ key, local, peer, trial = false }: WantedPipe): void {
    const { nodeId, registry, routers } = this.#parts;
    if (peer.nodeId !== nodeId) {
      const pipe = this.addNodePipe(local, peer);
      pipe.trial = trial;
      return this.#report(pipe, this.#openToNode(pipe));
    }
    const pipe = new WorkerPipe({ key, local, peer });
    registry.add(pipe);
    this.#report(
      pipe,
      pipe.open((routerId) => routers.makePipeEnd(routerId, false)),
    );
  }

  #report(pipe: Pipe, opening: Promise<void>): void {
    const { registry, clock, log } = this.#parts;
    opening.then(
      () => registry.opened(pipe),
      (error: unknown) => {
        // The other node's request may have opened it while ours failed.
        if (!registry.holds(pipe) || pipe.phase.kind === 'open') return;
        log.warn({ peerNodeId: pipe.peer.nodeId, err: error }, 'a pipe could not be opened');
        registry.failed(pipe, clock.monotonicMs(), {
          closed: WAY_CLOSED.has(SkeinError.from(error).code) ? 1 : 0,
        });
      },
    );
  }

  async #openToNode(pipe: NodePipe): Promise<void> {
    const { nodeId, room, peers, policy, registry } = this.#parts;
    const [client, caller] = await Promise.all([peers.client(pipe.peer.nodeId), pipe.end(nodeId)]);
    const request = { room, caller, routerId: pipe.peer.routerId };
    const { callee } = await client.openPipe(request, { deadlineMs: policy.openDeadlineMs });
    if (registry.holds(pipe)) await pipe.connectTo(callee);
  }

  #closePipe(key: string): void {
    const { registry, log } = this.#parts;
    const pipe = registry.pipe(key);
    if (!pipe) return;
    if (pipe instanceof WorkerPipe || pipe.phase.kind !== 'open' || pipe.remoteInstanceId === undefined) {
      return registry.drop(pipe, 'not needed any more');
    }
    registry.closing(pipe);
    this.#closeAtPeer(pipe, pipe.remoteInstanceId).then(
      (closed) => (closed ? registry.drop(pipe, 'not needed any more') : registry.kept(pipe)),
      (error: unknown) => {
        log.debug(
          { peerNodeId: pipe.peer.nodeId, err: error },
          'the other node was not told that a pipe closed',
        );
        registry.drop(pipe, 'not needed any more');
      },
    );
  }

  async #closeAtPeer({ instanceId, peer }: NodePipe, calleeInstanceId: string): Promise<boolean> {
    const { room, peers, policy } = this.#parts;
    const client = await peers.client(peer.nodeId);
    const request = { room, callerInstanceId: instanceId, calleeInstanceId };
    return (await client.closePipe(request, { deadlineMs: policy.closeDeadlineMs })).closed;
  }

  #pull(wanted: Pull): void {
    const { registry } = this.#parts;
    const earlier = registry.hop(wanted.media, wanted.into);
    if (earlier && earlier.state.kind !== 'failed') return;
    this.#startPull(wanted, (pull, stop) => registry.addHop(pull, stop));
  }

  #replace(wanted: Pull): void {
    const { registry } = this.#parts;
    const earlier = registry.hop(wanted.media, wanted.into);
    if (earlier?.state.kind !== 'flowing' || earlier.successor?.kind === 'pulling') return;
    this.#startPull(wanted, (pull, stop) => registry.addSuccessor(earlier, pull, stop));
  }

  #startPull({ media, from, into, relayFrom }: Pull, add: (wanted: Pull, stop: () => void) => Hop): void {
    const { nodeId, registry } = this.#parts;
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
    const { clock, policy } = this.#parts;
    const retire = (source: MediaSource): void => void clock.after(policy.handoverMs, () => source.close());
    const inlet = new TrackInlet(endpoint, listener, retire);
    const stopPull =
      from.nodeId === nodeId
        ? this.#pullHere(hop, pipe, inlet)
        : this.#pullFromNode(hop, pipe as NodePipe, inlet);
  }

  #flows(hop: Hop, source: MediaSource): void {
    const { registry, routers } = this.#parts;
    if (!registry.holdsHop(hop)) return source.close();
    const earlier = registry.flowing(hop, source);
    routers.addSource(hop.into, hop.media, source);
    if (earlier) this.#retire(earlier);
  }

  /** Whoever receives a track by its earlier way goes over: viewers at the router, and the node's other routers. */
  #retire(earlier: Hop): void {
    const { nodeId, registry, clock, policy, log } = this.#parts;
    const { media, into } = earlier;
    log.info(
      { ...trackEpochOf(media), relayNodeId: earlier.from.nodeId },
      'a track comes straight again; its earlier way goes when it had the time to be left',
    );
    clock.after(policy.handoverMs, () => registry.retired(earlier));
    earlier.source?.events.emit('replaced', {});
    for (const { media: other, from, into: further } of registry.hops)
      if (other === media && from.nodeId === nodeId && from.routerId === into)
        this.#replace({ media, from, into: further });
  }

  #pullEnded(hop: Hop, pipe: Pipe, error: SkeinError): void {
    const { registry, clock, log } = this.#parts;
    if (!registry.holdsHop(hop)) return;
    log.info(
      { ...trackEpochOf(hop.media), peerNodeId: hop.from.nodeId, code: error.code, reason: error.message },
      'a pull ended',
    );
    // PIPE_FAILED: the other node has no such end. This one leads nowhere.
    if (error.code === 'PIPE_FAILED') return registry.failed(pipe, clock.monotonicMs());
    registry.hopFailed(hop, clock.monotonicMs());
  }

  #pullFromNode(hop: Hop, pipe: NodePipe, inlet: TrackInlet): () => void {
    const { room, peers, policy, clock, random, log, ids } = this.#parts;
    const { instanceId: callerInstanceId, remoteInstanceId: calleeInstanceId } = pipe;
    if (calleeInstanceId === undefined) {
      queueMicrotask(() => inlet.fail(PipeError.gone()));
      return () => {};
    }
    const ends = { callerInstanceId, calleeInstanceId };
    const { media, relayFrom } = hop;
    const request = { room, ...trackEpochOf(media), ...ends, pullId: ids('pul'), relayFrom };
    const pull = new TrackPull({
      ...{ peers, policy, clock, random, log, inlet, request },
      nodeId: hop.from.nodeId,
    });
    pull.start();
    return () => pull.stop();
  }

  #pullHere(hop: Hop, pipe: Pipe, inlet: TrackInlet): () => void {
    const { routers } = this.#parts;
    const endpoint = pipe instanceof WorkerPipe ? pipe.endAt(hop.from.routerId) : undefined;
    const source = routers.sourceAt(hop.from.routerId, hop.media);
    const outlet = new TrackOutlet(hop.media, {
      onUpdate: (update) => inlet.handle(update),
      onEnd: () => {},
    });
    const opening =
      endpoint && source
        ? outlet.open(endpoint, source)
        : Promise.reject(PipeError.trackNotHere(trackEpochOf(hop.media).trackId));
    opening.catch((error: unknown) => inlet.fail(error));
    return () => outlet.end('released', { tell: false });
  }
}
