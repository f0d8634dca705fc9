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
import type { MediaRouter, MediaSource } from '../media/engine.ts';
import type { MediaKey } from '../media/media-key.ts';

/** A session's place: a router of its room, on some worker. Disposing gives it back. */
export interface Seat extends Disposable {
  readonly router: MediaRouter;
}

/** A session as the store is to have it. */
export interface HeldSession {
  readonly role: Role;
  readonly entry: Participant;
  readonly tracks: readonly Track[];
}

/** Tells the room's state what this node holds. */
export interface RoomAnnouncer {
  /** Fails as `RoomStore.publishTrack`; nothing is announced later. */
  published(session: SessionRef, track: Track): Promise<void>;
  /** Announces whether the source is muted, now or once the store answers again. */
  muted(session: SessionRef, trackId: string, source: MediaSource): Promise<void>;
  /** `isGone`: asked when a late one is written, because the track may be published again by then. */
  unpublished(session: SessionRef, trackId: string, reason: string, isGone: () => boolean): Promise<void>;
  /** Whether the client is connected, as `connection` says when it is written. Now, or once the store answers again. */
  connection(session: SessionRef, connection: () => ParticipantConnection): Promise<void>;
  left(session: SessionRef, reason: string): Promise<void>;
  /** Later, if it is still placed here then. */
  leftUnlessMoved(session: SessionRef, reason: string): void;
  /** Puts back what the store has lost, as it is when it is written. `knownVersion`: the room's highest that was seen here. */
  held(sessions: () => readonly HeldSession[], knownVersion: () => number | undefined): Promise<void>;
}

/** The room on this node, as its sessions use it. */
export interface SessionRoom {
  readonly name: string;
  readonly nodeId: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly log: Logger;
  readonly announce: RoomAnnouncer;
  readonly state: RoomState | undefined;
  waitFor(version: number, deadlineMs: number): Promise<RoomState>;
  /** Brings the state up to what the store has now. */
  sync(): Promise<void>;
  /** Fails `UNAVAILABLE` when no worker runs. */
  takeSeat(): Promise<Seat>;
  /** Holds the need for a track at a router; the pipes follow. */
  holdNeed(track: Track, routerId: string): Disposable;
  source(routerId: string, media: MediaKey, deadlineMs: number, signal: AbortSignal): Promise<MediaSource>;
  /** Whether anyone here, or a pipe to another node, takes it. */
  isReceived(media: MediaKey): boolean;
  addSource(routerId: string, media: MediaKey, source: MediaSource): void;
  /** Tells the gateway that holds the client. */
  tell(sessionId: string, event: SessionEvent): void;
}
