import type {
  Participant,
  ParticipantConnection,
  Role,
  RoomState,
  SessionEvent,
  SessionRef,
  Track,
} from '@skein/protocol';
import type { Clock, IdSource } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { MediaSource, RouterSlot } from '../media/engine.ts';
import type { MediaKey } from '../media/media-key.ts';

/** A session as the room's state should show it. */
export interface SessionSnapshot {
  readonly role: Role;
  readonly participant: Participant;
  readonly tracks: readonly Track[];
}

/** Writes this node's sessions and tracks into the room's state. */
export interface RoomAnnouncer {
  /** Fails as `RoomStore.publishTrack`; never announced later. */
  published(session: SessionRef, track: Track): Promise<void>;
  /** Announces whether the source is muted, now or once the store answers again. */
  muted(session: SessionRef, trackId: string, source: MediaSource): Promise<void>;
  /** `isGone`: called at the time of the write, because the track may be published again by then. */
  unpublished(session: SessionRef, trackId: string, reason: string, isGone: () => boolean): Promise<void>;
  /** Announces the client's connection, as `connection` returns it at the time of the write: now, or once the store answers again. */
  connection(session: SessionRef, connection: () => ParticipantConnection): Promise<void>;
  left(session: SessionRef, reason: string): Promise<void>;
  /** Later, if the participant is still placed here then. */
  leftUnlessMoved(session: SessionRef, reason: string): void;
  /**
   * Restores sessions that the store has lost, as they are at the time of the write. `knownVersion`: the highest version
   * of the room that this node has seen.
   */
  restore(snapshots: () => readonly SessionSnapshot[], knownVersion: () => number | undefined): Promise<void>;
}

/** The room's state as all nodes see it. */
export interface RoomStateView {
  readonly state: RoomState | undefined;
  /** Resolves once the state has reached the version; fails after `deadlineMs`. */
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Brings the state up to what the store has now. */
  sync(): Promise<void>;
}

/** The room's media on this node, as its sessions use it. */
export interface SessionRoomMedia {
  /** A place at a router of the room, with capacity for that many transports. Fails `UNAVAILABLE` when no worker runs. */
  takeRouterSlot(options: { readonly transports: number }): Promise<RouterSlot>;
  /** Holds the demand for a track at a router; the pipes follow. */
  holdDemand(track: Track, routerId: string): Disposable;
  /** The track once it is at the router. Fails `PIPE_FAILED` after `deadlineMs`, or with the signal's reason. */
  waitForSource(
    routerId: string,
    media: MediaKey,
    deadlineMs: number,
    signal: AbortSignal,
  ): Promise<MediaSource>;
  /** Whether a session here, or a pipe to another node, receives the track. */
  isReceived(media: MediaKey): boolean;
  addSource(routerId: string, media: MediaKey, source: MediaSource): void;
}

/** The room on this node, as its sessions use it. */
export interface SessionRoom {
  readonly name: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly announce: RoomAnnouncer;
  readonly view: RoomStateView;
  readonly media: SessionRoomMedia;
  /** Publishes an event to the gateway that holds the client. */
  notify(sessionId: string, event: SessionEvent): void;
}
