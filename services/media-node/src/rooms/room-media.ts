import type { Track } from '@skein/protocol';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource, PipeEndpoint, PipeListen, RouterSlot } from '../media/engine.ts';
import type { MediaKey, TrackEpoch } from '../media/media-key.ts';
import type { PeerPipes } from '../pipes/model/peer-pipes.ts';
import type { PipeDemand, RouterAt } from '../pipes/model/pipe-model.ts';
import type { PipePolicy } from '../pipes/model/pipe-policy.ts';
import type { PipeRoom } from '../pipes/model/pipe-room.ts';
import { RoomPipes } from '../pipes/room-pipes.ts';
import type { SessionRoomMedia } from '../sessions/session-room.ts';
import type { WorkerPolicy } from '../workers/worker-choice.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { RoomRouters } from './room-routers.ts';
import { RoomSources } from './room-sources.ts';
import type { RoomView } from './room-view.ts';
import { TrackDemand, type DemandedTrack } from './track-demand.ts';

export interface RoomMediaDeps {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly pool: WorkerPool;
  readonly peers: PeerPipes;
  readonly workerPolicy: WorkerPolicy;
  readonly pipePolicy: PipePolicy;
  /** Address that pipe ends listen on, and the one that other nodes connect to. */
  readonly pipeListen: PipeListen;
  readonly view: RoomView;
  /** Whether participants of the room have sessions here. */
  readonly hasSessions: () => boolean;
  /** Called when nothing of the room is relayed here any more. */
  readonly onRelayIdle: () => void;
}

/** One room's media on this node: its routers, the tracks at them, the demand for tracks, and the pipes. */
export class RoomMedia implements PipeRoom, SessionRoomMedia {
  readonly name: string;
  readonly pipes: RoomPipes;
  readonly #deps: RoomMediaDeps;
  readonly #sources: RoomSources;
  readonly #demand: TrackDemand;
  readonly #routers: RoomRouters;

  constructor(deps: RoomMediaDeps) {
    this.name = deps.view.name;
    this.#deps = deps;
    const { nodeId, clock, random, ids, log, peers, pool, workerPolicy, pipePolicy, onRelayIdle } = deps;
    const changed = (): void => this.pipes.changed();
    this.#sources = new RoomSources(clock);
    this.#demand = new TrackDemand(changed);
    this.#routers = new RoomRouters(pool, workerPolicy, changed);
    this.pipes = new RoomPipes({
      ...{ nodeId, clock, random, ids, peers, onRelayIdle },
      log: log.child({ room: this.name }),
      policy: pipePolicy,
      room: this,
    });
  }

  get hasSessions(): boolean {
    return this.#deps.hasSessions();
  }

  get hub(): string | undefined {
    return this.#routers.hub;
  }

  get routerIds(): readonly string[] {
    return this.#routers.ids;
  }

  get nodeIds(): ReadonlySet<string> {
    return this.#deps.view.nodeIds;
  }

  /** Tracks are those that the room's state shows, and those it showed that are still received. */
  get demand(): PipeDemand {
    const { ids } = this.#routers;
    const tracks = new Map([...this.#demand.locations(), ...this.#deps.view.trackLocations]);
    return { hub: ids[0], routers: new Set(ids), demand: this.#demand.view(), tracks };
  }

  isScreen(media: MediaKey): boolean {
    return this.#deps.view.isScreen(media);
  }

  isReceived(media: MediaKey): boolean {
    return this.#demand.has(media) || this.pipes.sends(media);
  }

  takeRouterSlot(options: { readonly transports: number }): Promise<RouterSlot> {
    return this.#routers.takeSlot(options);
  }

  async createPipeEnd(routerId: string, { secure }: { readonly secure: boolean }): Promise<PipeEndpoint> {
    const { pipeListen } = this.#deps;
    // Between two workers of one machine. The port is from the same range, so that it is never another worker's own.
    const loopback = { ip: '127.0.0.1', ports: pipeListen.ports };
    const listen = secure ? pipeListen : loopback;
    return await this.#routers.get(routerId).createPipeEnd({ secure, listen });
  }

  holdDemand(track: Track, routerId: string): Disposable {
    return this.#demand.hold(track, routerId);
  }

  holdRelayDemand(track: TrackEpoch & RouterAt, intoRouterId: string): Disposable {
    // No participant of this node: the demand ends with the pull, whatever becomes of the publisher.
    return this.#demand.hold({ ...track, identity: '' }, intoRouterId);
  }

  sourceAt(routerId: string, media: MediaKey): MediaSource | undefined {
    return this.#sources.get(routerId, media);
  }

  addSource(routerId: string, media: MediaKey, source: MediaSource): void {
    this.#sources.add(routerId, media, source);
  }

  waitForSource(
    routerId: string,
    media: MediaKey,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<MediaSource> {
    return this.#sources.wait(routerId, media, deadlineMs, signal);
  }

  /** The track was published again: waits for its earlier epochs fail. */
  supersede(track: TrackEpoch): void {
    this.#sources.supersede(track);
  }

  /** These tracks are unpublished: nothing pulls them any more. */
  forget(which: (track: DemandedTrack) => boolean): void {
    this.#demand.forget(which);
  }

  /** Forgets the router that died with its worker. Returns its id. */
  forgetRouter(workerIndex: number): string | undefined {
    return this.#routers.lost(workerIndex);
  }

  close(): void {
    this.pipes.close();
    this.#routers.close();
  }
}
