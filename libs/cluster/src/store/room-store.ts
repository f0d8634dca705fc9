import type {
  Participant,
  ParticipantConnection,
  Role,
  RoomSnapshot,
  RoomState,
  SessionRef,
  Track,
  VersionedChange,
  Viewership,
} from '@skein/protocol';

/**
 * Room state and placement: one atomic script per method. Every failure of the store is `UNAVAILABLE`; a write that failed so
 * may have happened before, and never happens after. Text that has no UTF-8 form fails `INVALID_ARGUMENT`. Viewers are placed,
 * moved, counted under the limit and taken out as participants are, under identities of the same room, but are in no
 * state and no log: what they do changes the room's viewership only.
 */
export interface RoomStore {
  /**
   * Places a participant: limits, takeover, node choice, epoch, state and log in one script. A participant that is
   * there already is placed again: a higher epoch, its tracks void, its place under the limit and `joinedAtMs` kept. One
   * that becomes a viewer is written as `participantLeft`.
   * Fails with `ROOM_FULL`, `NO_NODE_AVAILABLE`, or `SUPERSEDED` for a client that comes back (`lastEpoch`) after another
   * one has taken its identity. After `UNAVAILABLE` it may have happened; a repeat is a takeover.
   */
  place(request: PlaceRequest): Promise<Placed>;

  /**
   * Places a participant again while its client stays: epoch raised, tracks kept (in transit). Written as
   * `participantMoved`, or as `participantJoined` when the store has lost the room or the participant meanwhile. Fails
   * with `STALE_EPOCH` when its present epoch is not `fromEpoch`, `NO_NODE_AVAILABLE`. After `UNAVAILABLE` it may have
   * happened; a repeat with the same `sessionId` gives the same participant and no changes.
   */
  move(request: MoveRequest): Promise<Placed>;

  /**
   * Puts back what a node holds and the store has lost: participants and viewers that are missing or of a lower epoch, and
   * tracks of the participants' present epochs that are; one change each but for viewers. The room is made again if it is gone. Safe to repeat.
   */
  announce(room: string, held: RoomAnnouncement): Promise<RoomWrite>;

  /**
   * Shows a track, or replaces what is shown of it. Repeating it changes nothing. Fails with `STALE_EPOCH` when the
   * session is not the participant's current one, `SESSION_NOT_FOUND` when the participant is not in the room,
   * `LIMIT_EXCEEDED` past the track limit, `INVALID_ARGUMENT` when another participant has a track of that id.
   */
  publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite>;
  /** Shows whether a participant's client is connected. Repeating it changes nothing. `STALE_EPOCH`, also for viewers. */
  updateConnection(
    room: string,
    session: SessionInRoom,
    connection: ParticipantConnection,
  ): Promise<RoomWrite>;
  /** Shows a track as muted or not. `STALE_EPOCH`, `TRACK_NOT_FOUND`. */
  updateTrack(room: string, session: SessionInRoom, trackId: string, muted: boolean): Promise<RoomWrite>;
  /** Takes a track away; none there counts as done. `STALE_EPOCH`. */
  unpublishTrack(room: string, session: SessionInRoom, trackId: string, reason: string): Promise<RoomWrite>;
  /**
   * Takes a participant with all its tracks, or a viewer, out; the last one frees every key of the room. Stale or unknown
   * counts as done.
   * `leaderFence`: it is the one that leads who does it; fails `STALE_EPOCH` when that is not the number of the present lease.
   */
  leave(room: string, session: SessionInRoom, reason: string, leaderFence?: number): Promise<RoomWrite>;
  /**
   * Removes what cannot be read in a room, which only somebody who wrote past this store can have put there: keys of another
   * type, entries of another form, tracks without an owner; and the room itself when nobody is left in it. Changes nothing
   * in a sound room. Returns how many things were removed. `leaderFence` as for `leave`.
   */
  repair(room: string, leaderFence: number): Promise<number>;

  /** The whole state, or `undefined` when there is no such room. */
  snapshot(room: string): Promise<StoredSnapshot | undefined>;
  /** What came after `version`, in order, `undefined` when the log doesn't reach back that far, or the room is gone. */
  changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined>;
  /** The viewers of a room: those named, or all. */
  viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]>;
  /** Where many rooms are now, in one round trip; `undefined` for a room that is gone. */
  heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]>;
  /** Names of rooms, `pageSize` at most, after the name `after` in byte order. */
  listRooms(page: { pageSize: number; after?: string }): Promise<readonly string[]>;

  /** Calls back when the store answers again after it did not: it may have lost what it had. */
  onRecovered?(listener: (recovery: StoreRecovery) => void): Disposable;
}

export interface StoreRecovery {
  /**
   * Its history is another one than before: it was started again, or another server is the primary now. What was written
   * last may be missing under versions that were given again since.
   */
  readonly fellBack: boolean;
}

/** Where a room is. */
export interface RoomHead {
  readonly version: number;
  /** Absent while there was never a viewer. */
  readonly viewership?: Viewership | undefined;
}

export interface StoredSnapshot extends RoomSnapshot {
  /** Absent while there was never a viewer. */
  readonly viewership?: Viewership | undefined;
  /** Entries that are left out since they cannot be read, or that may be damaged; absent for none. See `repair`. */
  readonly damaged?: number;
  /** The version at which the room was made: it is another room than one that was known at a lower version. */
  readonly bornVersion?: number;
}

/** A session of a participant in a known room; the pair decides whether it is the current one. */
export type SessionInRoom = Pick<SessionRef, 'identity' | 'epoch'>;

/** What a write changed: empty when nothing had to change. To be published in order by whoever wrote. */
export interface RoomWrite {
  readonly changes: readonly VersionedChange[];
  /** Set when the write has changed it. */
  readonly viewership?: Viewership | undefined;
}

export interface PlaceRequest {
  readonly room: string;
  readonly identity: string;
  readonly name: string;
  readonly metadata?: string | undefined;
  /** Default `participant`. */
  readonly role?: Role;
  /** Names the client's stay in the room, over all its sessions; made by the client. */
  readonly stayId?: string | undefined;
  /**
   * Of a client that was away and comes back: the highest epoch that it had. Placed only if nobody else has taken the
   * identity since; its own stay has not. Absent: takes over from whoever has it.
   */
  readonly lastEpoch?: number | undefined;
  /** The new session's id, made by the caller. */
  readonly sessionId: string;
  /** Viewers count too. */
  readonly maxParticipants: number;
  readonly candidates: PlacementCandidates;
  /** The room as the store had it a moment ago, if the caller follows it: then only what came since is fetched. */
  readonly known?: RoomState | undefined;
}

/** The room's limit is not asked again: who moves is in it already. */
export interface MoveRequest extends PlaceRequest {
  /** The epoch that the participant has as far as the caller knows. */
  readonly fromEpoch: number;
  /** Told with the change, 64 characters at most. */
  readonly reason: string;
}

/** What a node holds of a room: its own sessions and what they publish. */
export interface RoomAnnouncement {
  readonly participants: readonly Participant[];
  readonly viewers?: readonly Participant[];
  readonly tracks: readonly Track[];
  /** The highest version that the caller knew: one that the room gets anew is higher, even if the store's clock fell back. */
  readonly knownVersion?: number | undefined;
}

/** What the caller's view of the nodes comes down to; made by `chooseCandidates`. */
export interface PlacementCandidates {
  /** The better of two random nodes, by projected load; absent when there is none. */
  readonly fallbackNodeId: string | undefined;
  /** Nodes that may take sessions now: ready, leased, of the region, under their limit. A room's present hosts are kept to these. */
  readonly openNodeIds: readonly string[];
  /** A join may name its node. `chooseCandidates` checked it against the view; the script takes it as it is. */
  readonly preferredNodeId?: string | undefined;
}

export interface Placed extends RoomWrite {
  /** The viewer, if that is the role. */
  readonly participant: Participant;
  /** The room as it is with the participant in it. */
  readonly snapshot: StoredSnapshot;
  /** The participant's earlier session, which this one took over from. */
  readonly superseded: Participant | undefined;
}
