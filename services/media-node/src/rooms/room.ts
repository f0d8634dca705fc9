import type { RoomFeedRef, RoomStore } from '@skein/cluster';
import type { RoomChange, RoomState, SessionEvent, VersionedChange } from '@skein/protocol';
import type { Clock, IdSource } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { RoomAnnouncer, SessionRoom } from '../sessions/session-room.ts';
import type { Session } from '../sessions/session.ts';
import { RoomMedia, type RoomMediaDeps } from './room-media.ts';
import { RoomSessions } from './room-sessions.ts';
import { RoomView } from './room-view.ts';
import type { DemandedTrack } from './track-demand.ts';
import { ViewerCheck } from './viewer-check.ts';

/** How long a replaced state may lack tracks that are received here: a store that lost its data is filled again meanwhile. */
const STATE_RECOVERY_MS = 10_000;
/** Window over which nodes spread the restoration of a room that the store has lost. */
const RESTORE_WITHIN_MS = 500;

export interface RoomDeps extends Omit<RoomMediaDeps, 'view' | 'hasSessions' | 'onRelayIdle'> {
  readonly rooms: RoomStore;
  /** Publishes an event to the gateway that holds the client. */
  readonly notify: (sessionId: string, event: SessionEvent) => void;
  /** Called when nothing of the room is relayed here any more, so that it may go. */
  readonly onRelayIdle: (room: string) => void;
}

/** One room on this node: its state as all nodes see it, its media here, and its sessions here. */
export class Room implements SessionRoom {
  readonly name: string;
  readonly announce: RoomAnnouncer;
  readonly view: RoomView;
  readonly media: RoomMedia;
  readonly #deps: RoomDeps;
  readonly #sessions: RoomSessions;
  readonly #viewerCheck: ViewerCheck;
  readonly #listening: readonly Disposable[];
  #recovery: Disposable | undefined;
  #restoring: Disposable | undefined;

  constructor(name: string, announce: RoomAnnouncer, feedRef: RoomFeedRef, deps: RoomDeps) {
    this.name = name;
    this.announce = announce;
    this.#deps = deps;
    this.view = new RoomView(name, { ...deps, feedRef });
    this.#sessions = new RoomSessions(deps.log.child({ room: name }));
    this.media = new RoomMedia({
      ...deps,
      view: this.view,
      hasSessions: () => this.#sessions.size > 0,
      onRelayIdle: () => deps.onRelayIdle(name),
    });
    const onLacking = (): void => this.#restoreLater();
    this.#viewerCheck = new ViewerCheck({ ...deps, room: name, sessions: this.#sessions, onLacking });
    const { feed } = this.view;
    this.#listening = [
      feed.on('change', ({ change }) => this.#onChange(change)),
      feed.on('replaced', ({ state }) => this.#onReplaced(state)),
      feed.on('lost', onLacking),
      feed.on('fellBack', () => void this.#viewerCheck.now()),
      feed.on('viewershipChanged', () => this.media.pipes.changed()),
      this.#viewerCheck,
    ];
  }

  get nodeId(): string {
    return this.#deps.nodeId;
  }

  get clock(): Clock {
    return this.#deps.clock;
  }

  get ids(): IdSource {
    return this.#deps.ids;
  }

  get log(): Logger {
    return this.#deps.log;
  }

  get sessions(): readonly Session[] {
    return this.#sessions.all;
  }

  /** Whether sessions or other nodes use the room here. */
  get inUse(): boolean {
    return this.#sessions.size > 0 || this.media.pipes.relaying;
  }

  addSession(session: Session): void {
    this.#sessions.add(session);
    this.media.pipes.changed();
  }

  removeSession(session: Session): void {
    this.#sessions.remove(session);
    this.media.pipes.changed();
  }

  notify(sessionId: string, event: SessionEvent): void {
    this.#deps.notify(sessionId, event);
  }

  /** Ends the sessions on that worker, with everything of the room there; their gateways place them on other nodes. */
  workerDied(index: number): void {
    const routerId = this.media.forgetRouter(index);
    if (routerId === undefined) return;
    this.#sessions.routerLost(routerId);
    this.media.pipes.routerLost(routerId);
  }

  /** This node was evicted and rejoins: ends the sessions that were placed elsewhere meanwhile, keeps the others. */
  async rejoin(): Promise<void> {
    await Promise.all([this.view.sync(), this.#viewerCheck.now()]);
    for (const session of this.sessions) if (session.leaving) session.movedAway({ done: true });
  }

  /** To be called when the room is not in use any more. */
  close(): void {
    for (const listening of this.#listening) listening[Symbol.dispose]();
    this.#recovery?.[Symbol.dispose]();
    this.#restoring?.[Symbol.dispose]();
    this.media.close();
    this.view[Symbol.dispose]();
  }

  #onChange({ change }: VersionedChange): void {
    this.#sessions.onChange(change);
    if (change.type === 'trackPublished') this.media.supersede(change.track);
    const ended = endedBy(change);
    if (ended) this.media.forget(ended);
    this.media.pipes.changed();
  }

  #onReplaced(state: RoomState | undefined): void {
    this.#sessions.onReplaced(state);
    for (const track of state?.tracks.values() ?? []) this.media.supersede(track);
    if (this.#sessions.missingIn(state)) this.#restoreLater();
    else void this.#viewerCheck.now();
    this.#recovery?.[Symbol.dispose]();
    this.#recovery = this.clock.after(STATE_RECOVERY_MS, () =>
      this.media.forget(({ trackId }) => !this.view.state?.tracks.has(trackId)),
    );
    this.media.pipes.changed();
  }

  /** Puts this node's sessions back into a room's state that was lost; nodes do not do so all at once. */
  #restoreLater(): void {
    this.#restoring ??= this.clock.after(this.#deps.random() * RESTORE_WITHIN_MS, () => {
      this.#restoring = undefined;
      this.log.warn(
        { event: 'room.restoring', room: this.name, sessions: this.#sessions.size },
        'the store lost this room; restoring the sessions of this node',
      );
      void this.announce.restore(
        () => this.#sessions.snapshots,
        () => this.view.state?.version,
      );
    });
  }
}

/** The tracks that a change unpublishes; `undefined`: none. */
function endedBy(change: RoomChange): ((track: DemandedTrack) => boolean) | undefined {
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
