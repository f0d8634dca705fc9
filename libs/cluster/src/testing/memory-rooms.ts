import {
  limits,
  type Participant,
  type RoomChange,
  type Track,
  type VersionedChange,
  type Viewership,
  type ParticipantConnection,
  withConnection,
} from '@skein/protocol';
import { byArrival } from '../store/arrival.ts';
import type {
  Held,
  MoveRequest,
  Placed,
  PlaceRequest,
  PlacementCandidates,
  RoomHead,
  RoomStore,
  RoomWrite,
  SessionInRoom,
  StoredSnapshot,
} from '../store/room-store.ts';
import { refusals } from '../store/errors.ts';
import { checkText, memberEntry, profileJson, trackEntry } from '../store/stored-entries.ts';

/** Versions of one room before the clock is ahead of them again. */
const TICK = 1_000_000;
const LOG_LENGTH = 512;

/** Somebody who is in a room. `claim`: the epoch at which this stay took the identity; 0 where that is not known. */
interface Seat {
  readonly member: Participant;
  readonly views: boolean;
  readonly claim: number;
  readonly stayId: string | undefined;
}

interface MemoryRoom {
  readonly born: number;
  version: number;
  readonly log: VersionedChange[];
  readonly seats: Map<string, Seat>;
  readonly tracks: Map<string, Track>;
  viewership: Viewership | undefined;
}

/**
 * Room state in memory, for tests: refuses, fences and repeats as the store in Redis does, which is held to the same
 * contract. Its calls take effect at once, and its clock is a counter.
 */
export class MemoryRooms implements RoomStore {
  readonly #rooms = new Map<string, MemoryRoom>();
  #clock = TICK;

  /** Everything is gone, as after a restart of a store that keeps nothing. */
  lose(room?: string): void {
    if (room === undefined) this.#rooms.clear();
    else this.#rooms.delete(room);
  }

  async place(request: PlaceRequest): Promise<Placed> {
    const { room, identity, sessionId, maxParticipants, stayId, lastEpoch } = request;
    checkRequest(request);
    const old = this.#seat(room, identity);
    const foreign = stayId === undefined || old?.stayId !== stayId;
    if (lastEpoch !== undefined && old && old.claim > lastEpoch && foreign) throw refusals.SUPERSEDED();
    if (!old && (this.#rooms.get(room)?.seats.size ?? 0) >= maxParticipants)
      throw refusals.ROOM_FULL(maxParticipants);
    const nodeId = this.#chooseNode(request, old);
    const now = this.#now();
    const epoch = Math.max(now, (old?.member.epoch ?? 0) + 1);
    const joinedAtMs = old?.member.joinedAtMs ?? now;
    const member = { ...profile(request), sessionId, nodeId, epoch, joinedAtMs };
    if (old) this.#dropTracks(room, identity);
    return this.#placed(
      request,
      { member, views: request.role === 'viewer', claim: epoch, stayId },
      old,
      now,
    );
  }

  async move(request: MoveRequest): Promise<Placed> {
    const { room, identity, sessionId, fromEpoch, reason } = request;
    checkRequest(request);
    checkText('reason', reason);
    const old = this.#seat(room, identity);
    if (old && old.member.epoch > fromEpoch && old.member.sessionId === sessionId) {
      const { viewership: _same, ...snapshot } = this.#snapshot(room);
      const placed = { participant: old.member, superseded: undefined, changes: [] };
      return { ...placed, snapshot: { ...snapshot, viewership: this.#rooms.get(room)?.viewership } };
    }
    if (old && old.member.epoch !== fromEpoch) throw refusals.STALE_EPOCH();
    const nodeId = this.#chooseNode(request, old);
    const now = this.#now();
    const epoch = Math.max(now, fromEpoch + 1);
    const joinedAtMs = old?.member.joinedAtMs ?? now;
    const member = { ...profile(request), sessionId, nodeId, epoch, joinedAtMs };
    const { claim = 0, stayId = request.stayId } = old ?? {};
    return this.#placed(
      request,
      { member, views: request.role === 'viewer', claim, stayId },
      old,
      now,
      reason,
    );
  }

  async announce(room: string, held: Held): Promise<RoomWrite> {
    checkText('room', room);
    for (const member of [...held.participants, ...(held.viewers ?? [])]) memberEntry(member);
    for (const track of held.tracks) trackEntry(track);
    const birth = Math.max(this.#now(), (held.knownVersion ?? 0) + TICK);
    const changes: VersionedChange[] = [];
    let counts = false;
    const members = [
      ...held.participants.map((member) => ({ member, views: false })),
      ...(held.viewers ?? []).map((member) => ({ member, views: true })),
    ];
    for (const { member, views } of members) {
      const old = this.#seat(room, member.identity);
      if (old && old.member.epoch >= member.epoch) continue;
      if (old) this.#dropTracks(room, member.identity);
      const seat = { member, views, claim: 0, stayId: undefined };
      changes.push(...this.#sit(room, seat, old, birth));
      counts ||= views || (old?.views ?? false);
    }
    const viewership = counts ? this.#countViewers(room) : undefined;
    for (const track of held.tracks) {
      const owner = this.#seat(room, track.identity);
      const stored = this.#rooms.get(room)?.tracks.get(track.trackId);
      const lower = !stored || (stored.identity === track.identity && stored.epoch < track.epoch);
      if (!owner || owner.views || owner.member.epoch !== track.epoch || !lower) continue;
      this.#rooms.get(room)?.tracks.set(track.trackId, track);
      changes.push(this.#write(room, { type: 'trackPublished', track }));
    }
    return { changes, ...(viewership && { viewership }) };
  }

  async publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite> {
    checkText('room', room);
    const entry = trackEntry(track);
    const { identity, epoch, trackId } = track;
    const owner = this.#participant(room, identity);
    if (!owner) throw refusals.SESSION_NOT_FOUND();
    if (owner.sessionId !== sessionId || owner.epoch !== epoch) throw refusals.STALE_EPOCH();
    const tracks = this.#rooms.get(room)?.tracks;
    const stored = tracks?.get(trackId);
    if (stored && trackEntry(stored) === entry) return { changes: [] };
    if (stored && stored.identity !== identity) throw refusals.TRACK_TAKEN();
    const limit = limits.tracksPerParticipant;
    const own = [...(tracks?.values() ?? [])].filter((one) => one.identity === identity);
    if (!stored && own.length >= limit) throw refusals.LIMIT_EXCEEDED(limit);
    tracks?.set(trackId, track);
    return { changes: [this.#write(room, { type: 'trackPublished', track })] };
  }

  async updateConnection(
    room: string,
    { identity, epoch }: SessionInRoom,
    connection: ParticipantConnection,
  ): Promise<RoomWrite> {
    checkText('room', room);
    const seat = this.#seat(room, identity);
    if (!seat || seat.views || seat.member.epoch !== epoch) throw refusals.STALE_EPOCH();
    const { connection: before = 'connected' } = seat.member;
    if (before === connection) return { changes: [] };
    const member = withConnection(seat.member, connection);
    this.#rooms.get(room)?.seats.set(identity, { ...seat, member });
    return { changes: [this.#write(room, { type: 'participantUpdated', identity, epoch, connection })] };
  }

  async updateTrack(
    room: string,
    session: SessionInRoom,
    trackId: string,
    muted: boolean,
  ): Promise<RoomWrite> {
    checkText('room', room);
    if (this.#participant(room, session.identity)?.epoch !== session.epoch) throw refusals.STALE_EPOCH();
    const tracks = this.#rooms.get(room)?.tracks;
    const stored = tracks?.get(trackId);
    if (stored?.identity !== session.identity) throw refusals.TRACK_NOT_FOUND(trackId);
    if (stored.muted === muted) return { changes: [] };
    tracks?.set(trackId, { ...stored, muted });
    return { changes: [this.#write(room, { type: 'trackUpdated', trackId, muted })] };
  }

  async unpublishTrack(
    room: string,
    { identity, epoch }: SessionInRoom,
    trackId: string,
    reason: string,
  ): Promise<RoomWrite> {
    checkText('room', room);
    checkText('reason', reason);
    const owner = this.#participant(room, identity);
    if (!owner) return { changes: [] };
    if (owner.epoch !== epoch) throw refusals.STALE_EPOCH();
    const tracks = this.#rooms.get(room)?.tracks;
    if (tracks?.get(trackId)?.identity !== identity) return { changes: [] };
    tracks.delete(trackId);
    return { changes: [this.#write(room, { type: 'trackUnpublished', trackId, identity, reason })] };
  }

  async leave(room: string, { identity, epoch }: SessionInRoom, reason: string): Promise<RoomWrite> {
    checkText('room', room);
    checkText('reason', reason);
    const seat = this.#seat(room, identity);
    const known = this.#rooms.get(room);
    if (!known || seat?.member.epoch !== epoch) return { changes: [] };
    known.seats.delete(identity);
    this.#dropTracks(room, identity);
    const left = (): VersionedChange =>
      this.#write(room, { type: 'participantLeft', identity, epoch, reason });
    if (known.seats.size > 0)
      return seat.views ? { changes: [], viewership: this.#countViewers(room) } : { changes: [left()] };
    const changes = seat.views ? [] : [left()];
    this.#rooms.delete(room);
    return { changes };
  }

  /** Nothing here is ever unreadable. */
  async repair(room: string): Promise<number> {
    checkText('room', room);
    return 0;
  }

  async snapshot(room: string): Promise<StoredSnapshot | undefined> {
    checkText('room', room);
    const known = this.#rooms.get(room);
    return known && { ...this.#snapshot(room), bornVersion: known.born };
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    checkText('room', room);
    const known = this.#rooms.get(room);
    if (!known || known.version < version) return undefined;
    const after = known.log.filter((change) => change.version > version);
    return after.length === known.version - version ? after : undefined;
  }

  async viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]> {
    checkText('room', room);
    const viewers = [...(this.#rooms.get(room)?.seats.values() ?? [])].filter(({ views }) => views);
    return viewers.map(({ member }) => member).filter((one) => identities?.includes(one.identity) ?? true);
  }

  async heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]> {
    return rooms.map((room) => {
      const known = this.#rooms.get(room);
      const { viewership } = known ?? {};
      return known && { version: known.version, ...(viewership && { viewership }) };
    });
  }

  async listRooms({ pageSize, after }: { pageSize: number; after?: string }): Promise<readonly string[]> {
    const start = after === undefined ? undefined : Buffer.from(after);
    return [...this.#rooms.keys()]
      .map((name) => Buffer.from(name))
      .toSorted((one, other) => one.compare(other))
      .filter((name) => !start || name.compare(start) > 0)
      .slice(0, pageSize)
      .map((name) => name.toString());
  }

  #placed(
    { room }: PlaceRequest,
    seat: Seat,
    old: Seat | undefined,
    now: number,
    movedBecause?: string,
  ): Placed {
    const changes = this.#sit(room, seat, old, now, movedBecause);
    const viewership = seat.views || old?.views ? this.#countViewers(room) : undefined;
    const told = { changes, snapshot: this.#snapshot(room), ...(viewership && { viewership }) };
    return { participant: seat.member, superseded: old?.member, ...told };
  }

  /** Puts `seat` in place of `old`; what others see of that. */
  #sit(
    room: string,
    seat: Seat,
    old: Seat | undefined,
    first: number,
    movedBecause?: string,
  ): VersionedChange[] {
    const { member: participant, views } = seat;
    const { identity } = participant;
    const made = this.#open(room, first);
    this.#rooms.get(room)?.seats.set(identity, seat);
    const shown = old && !old.views ? old.member : undefined;
    if (views) {
      if (!shown) return [];
      this.#dropTracks(room, identity);
      const { epoch } = shown;
      return [this.#write(room, { type: 'participantLeft', identity, epoch, reason: 'superseded' }, made)];
    }
    const moved = movedBecause !== undefined && shown !== undefined;
    const change: RoomChange = moved
      ? { type: 'participantMoved', participant, reason: movedBecause }
      : { type: 'participantJoined', participant };
    return [this.#write(room, change, made)];
  }

  /** Whether the room was made: its first change has its first version. */
  #open(room: string, first: number): boolean {
    if (this.#rooms.has(room)) return false;
    const [seats, tracks] = [new Map<string, Seat>(), new Map<string, Track>()];
    this.#rooms.set(room, { born: first, version: first, log: [], seats, tracks, viewership: undefined });
    return true;
  }

  #write(room: string, change: RoomChange, first = false): VersionedChange {
    const known = this.#rooms.get(room);
    if (!known) throw new Error('a change of a room that is not there');
    known.version += first ? 0 : 1;
    const versioned = { version: known.version, change };
    known.log.push(versioned);
    if (known.log.length > LOG_LENGTH) known.log.shift();
    return versioned;
  }

  #countViewers(room: string): Viewership | undefined {
    const known = this.#rooms.get(room);
    if (!known) return undefined;
    const viewers = [...known.seats.values()].filter(({ views }) => views);
    const nodeIds = [...new Set(viewers.map(({ member }) => member.nodeId))];
    const revision = Math.max(this.#now(), (known.viewership?.revision ?? 0) + 1);
    return (known.viewership = { viewers: viewers.length, nodeIds, revision });
  }

  #snapshot(room: string): StoredSnapshot {
    const known = this.#rooms.get(room);
    if (!known) throw new Error('a snapshot of a room that is not there');
    const shown = [...known.seats.values()].filter(({ views }) => !views);
    return {
      ...{ room, version: known.version },
      participants: shown.map(({ member }) => member).toSorted(byArrival),
      tracks: [...known.tracks.values()],
      ...(known.viewership && { viewership: known.viewership }),
    };
  }

  /** The open node that hosts most of the room without `old`, else the fallback. */
  #chooseNode({ room, candidates }: { room: string; candidates: PlacementCandidates }, old?: Seat): string {
    const { wishedNodeId, fallbackNodeId, openNodeIds } = candidates;
    const hosts = new Map<string, number>();
    for (const seat of this.#rooms.get(room)?.seats.values() ?? []) {
      const { nodeId } = seat.member;
      if (seat !== old && openNodeIds.includes(nodeId)) hosts.set(nodeId, (hosts.get(nodeId) ?? 0) + 1);
    }
    const [most] = [...hosts].toSorted(
      ([one, ones], [other, others]) => others - ones || (one < other ? -1 : 1),
    );
    const nodeId = wishedNodeId ?? most?.[0] ?? fallbackNodeId;
    if (nodeId === undefined) throw refusals.NO_NODE_AVAILABLE();
    return nodeId;
  }

  #dropTracks(room: string, identity: string): void {
    const tracks = this.#rooms.get(room)?.tracks;
    for (const [id, track] of tracks ?? []) if (track.identity === identity) tracks?.delete(id);
  }

  #seat(room: string, identity: string): Seat | undefined {
    return this.#rooms.get(room)?.seats.get(identity);
  }

  #participant(room: string, identity: string): Participant | undefined {
    const seat = this.#seat(room, identity);
    return seat?.views ? undefined : seat?.member;
  }

  #now(): number {
    return (this.#clock += TICK);
  }
}

function profile({
  identity,
  name,
  metadata,
}: PlaceRequest): Pick<Participant, 'identity' | 'name' | 'metadata'> {
  return { identity, name, ...(metadata !== undefined && { metadata }) };
}

function checkRequest(request: PlaceRequest): void {
  checkText('room', request.room);
  profileJson(request);
}
