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
 * may have happened before, and never happens afterwards. Text without a UTF-8 form fails `INVALID_ARGUMENT`. Viewers are
 * placed, moved, counted under the limit and removed as participants are, under identities of the same room, but appear in
 * no state and no log: they change the room's viewership only.
 */
export interface RoomStore {
  /**
   * Places a participant: limits, takeover, node choice, epoch, state and log in one script. A participant that is already
   * there is placed again: with a higher epoch and without its tracks, keeping its place under the limit and `joinedAtMs`. A
   * participant that becomes a viewer is written as `participantLeft`.
   * Fails with `ROOM_FULL`, `NO_NODE_AVAILABLE`, or `SUPERSEDED` for a client that comes back (`lastEpoch`) after another
   * one has taken its identity. After `UNAVAILABLE` it may have happened; a repeat is a takeover.
   */
  place(request: PlaceRequest): Promise<Placed>;

  /**
   * Migrates a participant: a higher epoch, tracks kept (in transit). Written as `participantMoved`, or as
   * `participantJoined` when the store has lost the room or the participant meanwhile. Fails
   * with `STALE_EPOCH` when its present epoch is not `fromEpoch`, `NO_NODE_AVAILABLE`. After `UNAVAILABLE` it may have
   * happened; a repeat with the same `sessionId` gives the same participant and no changes.
   */
  move(request: MoveRequest): Promise<Placed>;

  /**
   * Restores what a node holds and the store has lost: participants and viewers that are missing or of a lower epoch, and
   * missing tracks of present epochs; one change each except for viewers. Creates the room if it is gone. Safe to repeat.
   */
  announce(room: string, held: RoomAnnouncement): Promise<RoomWrite>;

  /**
   * Adds a track to the state, or replaces it. Repeating it changes nothing. Fails with `STALE_EPOCH` when the
   * session is not the participant's current one, `SESSION_NOT_FOUND` when the participant is not in the room,
   * `LIMIT_EXCEEDED` past the track limit, `INVALID_ARGUMENT` when another participant has a track of that id.
   */
  publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite>;
  /** Sets whether a participant's client is connected. Repeating it changes nothing. `STALE_EPOCH`, also for viewers. */
  updateConnection(
    room: string,
    session: SessionInRoom,
    connection: ParticipantConnection,
  ): Promise<RoomWrite>;
  /** Sets whether a track is muted. `STALE_EPOCH`, `TRACK_NOT_FOUND`. */
  updateTrack(room: string, session: SessionInRoom, trackId: string, muted: boolean): Promise<RoomWrite>;
  /** Removes a track; a missing one counts as done. `STALE_EPOCH`. */
  unpublishTrack(room: string, session: SessionInRoom, trackId: string, reason: string): Promise<RoomWrite>;
  /**
   * Removes a participant with all its tracks, or a viewer; the last one frees every key of the room. A stale or unknown
   * session counts as done. `leaderFence`: leader only; fails `STALE_EPOCH` when it is not that of the present lease.
   */
  leave(room: string, session: SessionInRoom, reason: string, leaderFence?: number): Promise<RoomWrite>;
  /**
   * Removes unreadable data from a room, which only a write past this store can leave: keys of another type, malformed
   * entries, tracks without an owner; and the room itself when it has no members. Changes nothing in a sound room. Returns
   * the number of removals. `leaderFence` as for `leave`.
   */
  repair(room: string, leaderFence: number): Promise<number>;

  /** The whole state, or `undefined` when there is no such room. */
  snapshot(room: string): Promise<StoredSnapshot | undefined>;
  /** The changes after `version`, in order; `undefined` when the log does not reach back that far, or the room is gone. */
  changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined>;
  /** The viewers of a room: all, or those with the given identities. */
  viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]>;
  /** The present versions of many rooms, in one round trip; `undefined` for a room that is gone. */
  heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]>;
  /** Names of rooms, `pageSize` at most, after the name `after` in byte order. */
  listRooms(page: { pageSize: number; after?: string }): Promise<readonly string[]>;

  /** Calls `listener` when the store answers again after an outage: it may have lost data. */
  onRecovered?(listener: (recovery: StoreRecovery) => void): Disposable;
}

export interface StoreRecovery {
  /**
   * Its history has changed: it restarted, or another server is the primary now. The last writes may be missing, and their
   * versions may have been given again.
   */
  readonly fellBack: boolean;
}

/** The position of a room in its log. */
export interface RoomHead {
  readonly version: number;
  /** Absent while there was never a viewer. */
  readonly viewership?: Viewership | undefined;
}

export interface StoredSnapshot extends RoomSnapshot {
  /** Absent while there was never a viewer. */
  readonly viewership?: Viewership | undefined;
  /** The number of entries that are unreadable and left out, or that may be damaged; absent for none. See `repair`. */
  readonly damaged?: number;
  /** The version at which the room was created: a room known at a lower version was another one. */
  readonly bornVersion?: number;
}

/** A session of a participant in a known room; the pair decides whether it is the current one. */
export type SessionInRoom = Pick<SessionRef, 'identity' | 'epoch'>;

/** The changes of a write; empty when nothing had to change. The writer publishes them in order. */
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
  /** Identifies the client's stay in the room, over all its sessions; made by the client. */
  readonly stayId?: string | undefined;
  /**
   * The highest epoch of a client that comes back. It is placed only if no other stay has taken the identity since. Absent:
   * takes over the identity.
   */
  readonly lastEpoch?: number | undefined;
  /** The new session's id, made by the caller. */
  readonly sessionId: string;
  /** Viewers count too. */
  readonly maxParticipants: number;
  readonly candidates: PlacementCandidates;
  /** The room as the caller follows it: only later changes are read then. */
  readonly known?: RoomState | undefined;
}

/** The room's limit does not apply: the participant is already counted. */
export interface MoveRequest extends PlaceRequest {
  /** The epoch that the participant has as far as the caller knows. */
  readonly fromEpoch: number;
  /** Written with the change, 64 characters at most. */
  readonly reason: string;
}

/** A node's part of a room: its sessions and their tracks. */
export interface RoomAnnouncement {
  readonly participants: readonly Participant[];
  readonly viewers?: readonly Participant[];
  readonly tracks: readonly Track[];
  /** The highest version that the node knew: a room created again starts above it, even if the store's clock fell back. */
  readonly knownVersion?: number | undefined;
}

/** The caller's view of the nodes, as `chooseCandidates` made it. */
export interface PlacementCandidates {
  /** The better of two random nodes, by projected load; absent when there is none. */
  readonly fallbackNodeId: string | undefined;
  /** Nodes that may take sessions now: ready, leased, of the region, under their limit. A room stays on its hosts among these. */
  readonly openNodeIds: readonly string[];
  /** The node that a join names. `chooseCandidates` has checked it; the script does not. */
  readonly preferredNodeId?: string | undefined;
}

export interface Placed extends RoomWrite {
  /** A viewer, if that is the role. */
  readonly participant: Participant;
  /** The room with the participant in it. */
  readonly snapshot: StoredSnapshot;
  /** The participant's earlier session, which this one replaces. */
  readonly superseded: Participant | undefined;
}
