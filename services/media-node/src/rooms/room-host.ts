import type { RoomFeed, RoomFeedRef, RoomStore } from '@skein/cluster';
import type { RoomChange, RoomState, SessionEvent, Track, VersionedChange } from '@skein/protocol';
import type { Clock, IdSource, Random } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource, PipeListen } from '../media/engine.ts';
import { mediaKey, trackEpochOf, type MediaKey } from '../media/media-key.ts';
import type { PeerPipes } from '../pipes/pipe-executor.ts';
import type { RouterAt } from '../pipes/planning/pipe-plan.ts';
import type { PipePolicy } from '../pipes/model/pipe-policy.ts';
import { RoomPipes } from '../pipes/room-pipes.ts';
import type { Session } from '../sessions/session.ts';
import type { RoomAnnouncer, Seat, SessionRoom } from '../sessions/session-room.ts';
import type { WorkerPolicy } from '../workers/worker-choice.ts';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { TrackNeeds, type NeededTrack } from './track-demand.ts';
import { RoomRouters } from './room-routers.ts';
import { RoomSessions } from './room-sessions.ts';
import { RoomSources } from './room-sources.ts';
import { ViewerCheck } from './viewer-check.ts';

/** How long `sync` waits for the store and what it brings. */
const SYNC_DEADLINE_MS = 1000;
/** How long a state that was replaced may lack tracks that are received here: a store that came back empty is filled again. */
const STATE_GROWS_BACK_MS = 10_000;
/** Within which time, at random, a node puts back what the store has lost. */
const ANNOUNCE_WITHIN_MS = 500;

export interface RoomHostParts {
  readonly nodeId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly pool: WorkerPool;
  readonly rooms: RoomStore;
  readonly peers: PeerPipes;
  readonly workerPolicy: WorkerPolicy;
  readonly pipePolicy: PipePolicy;
  /** Address that pipe ends listen on and are reached at by other nodes. */
  readonly pipeListen: PipeListen;
  readonly tell: (sessionId: string, event: SessionEvent) => void;
  /** Nothing of the room is relayed here any more: it may go. */
  readonly onRelayIdle: (room: string) => void;
}

/** One room as far as it is on this node: its routers, its sessions, its pipes, and its state as all nodes see it. */
export class RoomHost implements SessionRoom {
  readonly name: string;
  readonly announce: RoomAnnouncer;
  readonly pipes: RoomPipes;
  readonly #parts: RoomHostParts;
  readonly #feedRef: RoomFeedRef;
  readonly #sources: RoomSources;
  readonly #needs: TrackNeeds;
  readonly #routers: RoomRouters;
  readonly #sessions: RoomSessions;
  readonly #viewerCheck: ViewerCheck;
  readonly #listening: readonly Disposable[];
  #growingBack: Disposable | undefined;
  #announcing: Disposable | undefined;

  constructor(name: string, announce: RoomAnnouncer, feedRef: RoomFeedRef, parts: RoomHostParts) {
    this.name = name;
    this.announce = announce;
    this.#parts = parts;
    this.#feedRef = feedRef;
    const { clock, pool, workerPolicy } = parts;
    const changed = (): void => this.pipes.changed();
    this.#sessions = new RoomSessions(parts.log.child({ room: name }));
    this.#sources = new RoomSources(clock);
    this.#needs = new TrackNeeds(changed);
    this.#routers = new RoomRouters(pool, workerPolicy, changed);
    this.pipes = this.#makePipes();
    const onLacking = (): void => this.#announceLater();
    this.#viewerCheck = new ViewerCheck({ ...parts, room: name, sessions: this.#sessions, onLacking });
    this.#listening = [
      feedRef.feed.on('change', ({ change }) => this.#onChange(change)),
      feedRef.feed.on('replaced', ({ state }) => this.#onReplaced(state)),
      feedRef.feed.on('lost', () => this.#announceLater()),
      feedRef.feed.on('fellBack', () => void this.#viewerCheck.now()),
      feedRef.feed.on('viewershipChanged', changed),
      this.#viewerCheck,
    ];
  }

  get nodeId(): string {
    return this.#parts.nodeId;
  }

  get clock(): Clock {
    return this.#parts.clock;
  }

  get ids(): IdSource {
    return this.#parts.ids;
  }

  get log(): Logger {
    return this.#parts.log;
  }

  get feed(): RoomFeed {
    return this.#feedRef.feed;
  }

  get state(): RoomState | undefined {
    return this.feed.state;
  }

  get sessions(): readonly Session[] {
    return this.#sessions.all;
  }

  isScreen(media: MediaKey): boolean {
    return this.state?.tracks.get(trackEpochOf(media).trackId)?.source === 'screen';
  }

  get spansNodes(): boolean {
    return [...this.#nodes()].some((nodeId) => nodeId !== this.nodeId);
  }

  /** Whether the room has something to do here. */
  get inUse(): boolean {
    return this.#sessions.size > 0 || this.pipes.relaying;
  }

  get routerIds(): readonly string[] {
    return this.#routers.ids;
  }

  addSession(session: Session): void {
    this.#sessions.add(session);
    this.pipes.changed();
  }

  removeSession(session: Session): void {
    this.#sessions.remove(session);
    this.pipes.changed();
  }

  waitFor(version: number, deadlineMs: number): Promise<RoomState> {
    return this.feed.waitFor(version, deadlineMs);
  }

  async sync(): Promise<void> {
    const [head] = await this.#parts.rooms.heads([this.name]);
    if (!head || head.version <= (this.state?.version ?? -1)) return;
    this.feed.expect(head.version);
    await this.feed.waitFor(head.version, SYNC_DEADLINE_MS);
  }

  takeSeat(): Promise<Seat> {
    return this.#routers.takeSeat();
  }

  holdNeed(track: Track, routerId: string): Disposable {
    return this.#needs.hold(track, routerId);
  }

  source(routerId: string, media: MediaKey, deadlineMs: number, signal: AbortSignal): Promise<MediaSource> {
    return this.#sources.wait(routerId, media, deadlineMs, signal);
  }

  isReceived(media: MediaKey): boolean {
    return this.#needs.has(media) || this.pipes.sends(media);
  }

  addSource(routerId: string, media: MediaKey, source: MediaSource): void {
    this.#sources.add(routerId, media, source);
  }

  tell(sessionId: string, event: SessionEvent): void {
    this.#parts.tell(sessionId, event);
  }

  /** Everything of the room on that worker is gone: its sessions end, and their gateways are told so that they go on elsewhere. */
  workerDied(index: number): void {
    const routerId = this.#routers.lost(index);
    if (routerId === undefined) return;
    this.#sessions.routerLost(routerId);
    this.pipes.routerLost(routerId);
  }

  /** This node was taken for dead: sessions that were placed again meanwhile go, the others stay. */
  async comeBack(): Promise<void> {
    await Promise.all([this.sync(), this.#viewerCheck.now()]);
    for (const session of this.sessions) if (session.leaving) session.movedAway({ done: true });
  }

  /** When no session is left: frees what remains. */
  close(): void {
    for (const listening of this.#listening) listening[Symbol.dispose]();
    this.#growingBack?.[Symbol.dispose]();
    this.#announcing?.[Symbol.dispose]();
    this.pipes.close();
    this.#routers.close();
    this.#feedRef[Symbol.dispose]();
  }

  #makePipes(): RoomPipes {
    const { nodeId, clock, random, ids, log, peers, pipePolicy, pipeListen } = this.#parts;
    // Between two workers of one machine. The port comes out of the same range, so that it never is another worker's own.
    const inside = { ip: '127.0.0.1', ports: pipeListen.ports };
    return new RoomPipes({
      nodeId,
      room: this.name,
      clock,
      random,
      ids,
      log: log.child({ room: this.name }),
      peers,
      policy: pipePolicy,
      routers: {
        makePipeEnd: async (routerId, secure) =>
          await this.#routers.get(routerId).createPipeEnd({ secure, listen: secure ? pipeListen : inside }),
        sourceAt: (routerId, media) => this.#sources.get(routerId, media),
        addSource: (routerId, media, source) => this.#sources.add(routerId, media, source),
      },
      demand: () => {
        const ids = this.#routers.ids;
        return { hub: ids[0], routers: new Set(ids), needs: this.#needs.view(), tracks: this.#tracks() };
      },
      abandoned: () => !this.inUse,
      roomNodes: () => this.#nodes(),
      relayRoom: {
        hub: () => this.#routers.ids[0],
        takeSeat: () => this.takeSeat(),
        // Nobody's here: it ends with its pull, whoever publishes it.
        need: (media, origin, routerId) =>
          this.#needs.hold({ ...trackEpochOf(media), ...origin, identity: '' }, routerId),
        source: (...wanted) => this.source(...wanted),
      },
      onRelayIdle: () => this.#parts.onRelayIdle(this.name),
    });
  }

  #nodes(): ReadonlySet<string> {
    const seated = [...(this.state?.participants.values() ?? [])].map(({ nodeId }) => nodeId);
    return new Set([...seated, ...this.feed.viewership.nodeIds]);
  }

  /** What the state shows, and what is still received of what it showed. */
  #tracks(): ReadonlyMap<MediaKey, RouterAt> {
    const shown = [...(this.state?.tracks.values() ?? [])];
    const at = shown.map((track): [MediaKey, RouterAt] => {
      const { nodeId, routerId } = track;
      return [mediaKey(track), { nodeId, routerId }];
    });
    return new Map([...this.#needs.locations(), ...at]);
  }

  #onChange({ change }: VersionedChange): void {
    this.#sessions.onChange(change);
    if (change.type === 'trackPublished') this.#sources.supersede(change.track);
    this.#forgetEnded(change);
    this.pipes.changed();
  }

  #forgetEnded(change: RoomChange): void {
    const ended = endedBy(change);
    if (ended) this.#needs.forget(ended);
  }

  #onReplaced(state: RoomState | undefined): void {
    this.#sessions.onReplaced(state);
    for (const track of state?.tracks.values() ?? []) this.#sources.supersede(track);
    if (this.#sessions.missingIn(state)) this.#announceLater();
    else void this.#viewerCheck.now();
    this.#growingBack?.[Symbol.dispose]();
    this.#growingBack = this.clock.after(STATE_GROWS_BACK_MS, () =>
      this.#needs.forget(({ trackId }) => !this.state?.tracks.has(trackId)),
    );
    this.pipes.changed();
  }

  /** What is here goes back into a room's state that was lost; nodes don't do so all at once. */
  #announceLater(): void {
    this.#announcing ??= this.clock.after(this.#parts.random() * ANNOUNCE_WITHIN_MS, () => {
      this.#announcing = undefined;
      this.log.warn(
        { room: this.name, sessions: this.#sessions.size },
        'the store lost this room; telling it',
      );
      void this.announce.held(
        () => this.#sessions.held,
        () => this.state?.version,
      );
    });
  }
}

/** Which tracks are not published any more after a change; `undefined`: it ends none. */
function endedBy(change: RoomChange): ((track: NeededTrack) => boolean) | undefined {
  switch (change.type) {
    case 'trackUnpublished':
      return ({ trackId }) => trackId === change.trackId;
    case 'participantLeft':
      return ({ identity, epoch }) => identity === change.identity && epoch <= change.epoch;
    case 'participantJoined': {
      const { participant: member } = change;
      return ({ identity, epoch }) => identity === member.identity && epoch < member.epoch;
    }
    // A move, or a track published again, ends no track: the earlier epoch may still be received.
    case 'participantMoved':
    case 'participantUpdated':
    case 'trackPublished':
    case 'trackUpdated':
      return undefined;
  }
}
