import {
  limits,
  SkeinError,
  withConnection,
  type Participant,
  type ParticipantConnection,
  type RoomChange,
  type Track,
  type VersionedChange,
} from '@skein/protocol';
import { StoreError } from '../store/errors.ts';
import type {
  MoveRequest,
  Placed,
  PlaceRequest,
  PlacementCandidates,
  RoomAnnouncement,
  RoomHead,
  RoomStore,
  RoomWrite,
  SessionInRoom,
  StoredSnapshot,
} from '../store/room-store.ts';
import { checkText, memberEntry, profileJson, trackEntry } from '../store/stored-entries.ts';
import type { MemoryLeader } from './memory-leader.ts';
import { MemoryRoom, profileOf, type Entry, type Replaced } from './memory-room.ts';
import type { StoreTime } from './store-time.ts';
import type { Sync } from './sync.ts';

/** A room that an announcement makes starts this far above the versions that the announcer knew. */
const ANNOUNCED_ABOVE = 1_000_000;
const UNCHANGED: RoomWrite = { changes: [] };

export interface MemoryRoomsDeps {
  readonly time: StoreTime;
  readonly leader: Pick<MemoryLeader, 'require' | 'record'>;
}

export interface MemoryRoomsOptions {
  /** How many writes `fallBack` can take back. Default 0: no copies are made for it. */
  readonly history?: number;
  /** The node for a room without a host. Default: the fallback of the candidates. */
  readonly chooseFallback?: (candidates: PlacementCandidates) => string | undefined;
}

/**
 * Room state in memory, for tests: the same refusals, fences and repeats as the store in Redis, held to the same contract
 * suites. Calls take effect at once.
 */
export class MemoryRooms implements Sync<Omit<RoomStore, 'onRecovered'>> {
  readonly #deps: MemoryRoomsDeps;
  readonly #options: MemoryRoomsOptions;
  readonly #corrupt = new Set<string>();
  #rooms = new Map<string, MemoryRoom>();
  /** The rooms before each of the last writes. */
  #earlier: readonly (readonly MemoryRoom[])[] = [];

  constructor(deps: MemoryRoomsDeps, options: MemoryRoomsOptions = {}) {
    this.#deps = deps;
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#rooms.size === 0;
  }

  /** Drops a room, or everything, as after a restart of a store that keeps nothing. */
  lose(room?: string): void {
    if (room === undefined) this.#rooms.clear();
    else this.#rooms.delete(room);
  }

  /** Takes the last writes back, as a replica that lacked them and became the primary: their versions are given again. */
  fallBack(writes: number): void {
    const then = writes > 0 ? (this.#earlier.at(-writes) ?? this.#earlier[0]) : undefined;
    if (!then) return;
    this.#earlier = this.#earlier.slice(0, -writes);
    this.#rooms = new Map(then.map((room) => [room.name, room.copy()]));
  }

  /** Empties the logs: readers that missed changes need a snapshot. */
  trimLogs(): void {
    for (const room of this.#rooms.values()) room.trimLog();
  }

  /** Puts a value of another type in place of a room's tracks: its calls fail `INTERNAL` until it is repaired. */
  corrupt(room: string): void {
    this.#corrupt.add(room);
  }

  /** Leaves a room without members behind, as the same may do. */
  addEmpty(room: string): void {
    const { time } = this.#deps;
    this.#rooms.set(room, new MemoryRoom({ name: room, born: time.nextUs(), time }));
  }

  /** How many participants and viewers of a room each node carries. */
  hosts(room: string): Record<string, number> {
    return Object.fromEntries(this.#rooms.get(room)?.hosts() ?? []);
  }

  place(request: PlaceRequest): Placed {
    const { room, identity, sessionId, maxParticipants, stayId, lastEpoch } = request;
    this.#checkRequest(request);
    const old = this.#entry(room, identity);
    const isForeign = stayId === undefined || old?.stayId !== stayId;
    if (lastEpoch !== undefined && old && old.claim > lastEpoch && isForeign) throw StoreError.superseded();
    if (!old && (this.#rooms.get(room)?.entries.size ?? 0) >= maxParticipants)
      throw StoreError.roomFull(maxParticipants);
    const nodeId = this.#chooseNode(request, old);
    const now = this.#deps.time.nextUs();
    const epoch = Math.max(now, (old?.member.epoch ?? 0) + 1);
    const joinedAtMs = old?.member.joinedAtMs ?? Math.floor(now / 1000);
    const member = { ...profileOf(request), sessionId, nodeId, epoch, joinedAtMs };
    this.#remember();
    if (old) this.#rooms.get(room)?.dropTracks(identity);
    return this.#placed(
      room,
      { member, isViewer: request.role === 'viewer', claim: epoch, stayId },
      { old, now },
    );
  }

  move(request: MoveRequest): Placed {
    const { room, identity, sessionId, fromEpoch, reason } = request;
    this.#checkRequest(request);
    checkText('reason', reason);
    const old = this.#entry(room, identity);
    if (old && old.member.epoch > fromEpoch && old.member.sessionId === sessionId)
      return {
        participant: old.member,
        superseded: undefined,
        changes: [],
        snapshot: this.#room(room).snapshot(),
      };
    if (old && old.member.epoch !== fromEpoch) throw StoreError.staleEpoch();
    const nodeId = this.#chooseNode(request, old);
    const now = this.#deps.time.nextUs();
    const epoch = Math.max(now, fromEpoch + 1);
    const joinedAtMs = old?.member.joinedAtMs ?? Math.floor(now / 1000);
    const member = { ...profileOf(request), sessionId, nodeId, epoch, joinedAtMs };
    const { claim = 0, stayId = request.stayId } = old ?? {};
    this.#remember();
    return this.#placed(
      room,
      { member, isViewer: request.role === 'viewer', claim, stayId },
      { old, now, reason },
    );
  }

  announce(
    room: string,
    { participants, viewers = [], tracks, knownVersion = 0 }: RoomAnnouncement,
  ): RoomWrite {
    this.#check(room);
    for (const member of [...participants, ...viewers]) memberEntry(member);
    for (const track of tracks) trackEntry(track);
    this.#remember();
    const birth = Math.max(this.#deps.time.nextUs(), knownVersion + ANNOUNCED_ABOVE);
    const members = [
      ...participants.map((member) => ({ member, isViewer: false })),
      ...viewers.map((member) => ({ member, isViewer: true })),
    ];
    const changes: VersionedChange[] = [];
    let viewersChanged = false;
    for (const { member, isViewer } of members) {
      const old = this.#entry(room, member.identity);
      if (old && old.member.epoch >= member.epoch) continue;
      if (old) this.#rooms.get(room)?.dropTracks(member.identity);
      changes.push(
        ...this.#enter(room, { member, isViewer, claim: 0, stayId: undefined }, { old, now: birth }),
      );
      viewersChanged ||= isViewer || (old?.isViewer ?? false);
    }
    const viewership = viewersChanged ? this.#room(room).countViewers() : undefined;
    for (const track of tracks) changes.push(...this.#announceTrack(room, track));
    return { changes, ...(viewership && { viewership }) };
  }

  publishTrack(room: string, sessionId: string, track: Track): RoomWrite {
    this.#check(room);
    const text = trackEntry(track);
    const { identity, epoch, trackId } = track;
    const owner = this.#participant(room, identity);
    if (!owner) throw StoreError.sessionNotFound();
    if (owner.sessionId !== sessionId || owner.epoch !== epoch) throw StoreError.staleEpoch();
    const { tracks } = this.#room(room);
    const stored = tracks.get(trackId);
    if (stored && trackEntry(stored) === text) return UNCHANGED;
    if (stored && stored.identity !== identity) throw StoreError.trackTaken();
    const limit = limits.tracksPerParticipant;
    const own = [...tracks.values()].filter((one) => one.identity === identity);
    if (!stored && own.length >= limit) throw StoreError.tooManyTracks(limit);
    this.#remember();
    tracks.set(trackId, track);
    return { changes: [this.#room(room).write({ type: 'trackPublished', track })] };
  }

  updateConnection(
    room: string,
    { identity, epoch }: SessionInRoom,
    connection: ParticipantConnection,
  ): RoomWrite {
    this.#check(room);
    const entry = this.#entry(room, identity);
    if (!entry || entry.isViewer || entry.member.epoch !== epoch) throw StoreError.staleEpoch();
    const { connection: before = 'connected' } = entry.member;
    if (before === connection) return UNCHANGED;
    this.#remember();
    const member = withConnection(entry.member, connection);
    this.#room(room).entries.set(identity, { ...entry, member });
    return { changes: [this.#room(room).write({ type: 'participantUpdated', identity, epoch, connection })] };
  }

  updateTrack(room: string, session: SessionInRoom, trackId: string, muted: boolean): RoomWrite {
    this.#check(room);
    if (this.#participant(room, session.identity)?.epoch !== session.epoch) throw StoreError.staleEpoch();
    const { tracks } = this.#room(room);
    const stored = tracks.get(trackId);
    if (stored?.identity !== session.identity) throw StoreError.trackNotFound(trackId);
    if (stored.muted === muted) return UNCHANGED;
    this.#remember();
    tracks.set(trackId, { ...stored, muted });
    return { changes: [this.#room(room).write({ type: 'trackUpdated', trackId, muted })] };
  }

  unpublishTrack(
    room: string,
    { identity, epoch }: SessionInRoom,
    trackId: string,
    reason: string,
  ): RoomWrite {
    this.#check(room);
    checkText('reason', reason);
    const owner = this.#participant(room, identity);
    if (!owner) return UNCHANGED;
    if (owner.epoch !== epoch) throw StoreError.staleEpoch();
    const { tracks } = this.#room(room);
    if (tracks.get(trackId)?.identity !== identity) return UNCHANGED;
    this.#remember();
    tracks.delete(trackId);
    return { changes: [this.#room(room).write({ type: 'trackUnpublished', trackId, identity, reason })] };
  }

  leave(room: string, { identity, epoch }: SessionInRoom, reason: string, leaderFence?: number): RoomWrite {
    this.#check(room);
    checkText('reason', reason);
    if (leaderFence !== undefined) this.#deps.leader.require(leaderFence);
    const entry = this.#entry(room, identity);
    if (entry?.member.epoch !== epoch) return UNCHANGED;
    if (leaderFence !== undefined) this.#deps.leader.record(leaderFence, `remove ${identity}`);
    this.#remember();
    const known = this.#room(room);
    known.entries.delete(identity);
    known.dropTracks(identity);
    if (known.entries.size > 0 && entry.isViewer) return { changes: [], viewership: known.countViewers() };
    const changes = entry.isViewer ? [] : [known.write({ type: 'participantLeft', identity, epoch, reason })];
    if (known.entries.size === 0) this.#rooms.delete(room);
    return { changes };
  }

  repair(room: string, leaderFence: number): number {
    checkText('room', room);
    const { leader, time } = this.#deps;
    leader.require(leaderFence);
    const known = this.#rooms.get(room);
    const wasCorrupt = this.#corrupt.delete(room);
    const { entries } = known ?? {};
    if (known && entries && entries.size > 0 && !wasCorrupt) return 0;
    leader.record(leaderFence, `repair ${room}`);
    this.#rooms.delete(room);
    if (!known || !entries || entries.size === 0) return 1;
    // All readers take it for a new room, and read it again.
    const born = Math.max(time.nextUs(), known.version + 1);
    const repaired = new MemoryRoom({ name: room, born, time }, { entries });
    this.#rooms.set(room, repaired);
    if (known.viewership) repaired.countViewers();
    return 1;
  }

  snapshot(room: string): StoredSnapshot | undefined {
    this.#check(room);
    const known = this.#rooms.get(room);
    return known && { ...known.snapshot(), bornVersion: known.born };
  }

  changesSince(room: string, version: number): readonly VersionedChange[] | undefined {
    checkText('room', room);
    return this.#rooms.get(room)?.changesSince(version);
  }

  viewers(room: string, identities?: readonly string[]): readonly Participant[] {
    checkText('room', room);
    const viewers = this.#rooms.get(room)?.viewers() ?? [];
    return viewers.filter(({ identity }) => identities?.includes(identity) ?? true);
  }

  heads(rooms: readonly string[]): readonly (RoomHead | undefined)[] {
    return rooms.map((room) => {
      const known = this.#rooms.get(room);
      return known && { version: known.version, ...(known.viewership && { viewership: known.viewership }) };
    });
  }

  listRooms({ pageSize, after }: { pageSize: number; after?: string }): readonly string[] {
    const start = after === undefined ? undefined : Buffer.from(after);
    return [...this.#rooms.keys()]
      .map((name) => Buffer.from(name))
      .toSorted((one, other) => one.compare(other))
      .filter((name) => !start || name.compare(start) > 0)
      .slice(0, pageSize)
      .map((name) => name.toString());
  }

  #placed(room: string, entry: Entry, replaced: Replaced): Placed {
    const { old } = replaced;
    const changes = this.#enter(room, entry, replaced);
    const known = this.#room(room);
    const viewership = entry.isViewer || old?.isViewer ? known.countViewers() : undefined;
    const write = { changes, ...(viewership && { viewership }) };
    return { participant: entry.member, superseded: old?.member, snapshot: known.snapshot(), ...write };
  }

  /** Puts `entry` in place of `old`. Returns what others see of that. */
  #enter(room: string, entry: Entry, { old, now, reason }: Replaced): VersionedChange[] {
    const { member: participant, isViewer } = entry;
    const { identity } = participant;
    const isNew = !this.#rooms.has(room);
    const { time } = this.#deps;
    const known = this.#rooms.get(room) ?? new MemoryRoom({ name: room, born: now, time });
    this.#rooms.set(room, known);
    known.entries.set(identity, entry);
    const shown = old && !old.isViewer ? old.member : undefined;
    if (isViewer) {
      if (!shown) return [];
      known.dropTracks(identity);
      const { epoch } = shown;
      return [known.write({ type: 'participantLeft', identity, epoch, reason: 'superseded' }, isNew)];
    }
    const change: RoomChange =
      reason !== undefined && shown
        ? { type: 'participantMoved', participant, reason }
        : { type: 'participantJoined', participant };
    return [known.write(change, isNew)];
  }

  #announceTrack(room: string, track: Track): VersionedChange[] {
    const owner = this.#participant(room, track.identity);
    if (owner?.epoch !== track.epoch) return [];
    const known = this.#room(room);
    const stored = known.tracks.get(track.trackId);
    if (stored && (stored.identity !== track.identity || stored.epoch >= track.epoch)) return [];
    known.tracks.set(track.trackId, track);
    return [known.write({ type: 'trackPublished', track })];
  }

  #chooseNode({ room, candidates }: PlaceRequest, old: Entry | undefined): string {
    const { chooseFallback = ({ fallbackNodeId }) => fallbackNodeId } = this.#options;
    const host = this.#rooms.get(room)?.busiestHost(candidates.openNodeIds, old);
    const nodeId = candidates.preferredNodeId ?? host ?? chooseFallback(candidates);
    if (nodeId === undefined) throw StoreError.noNodeAvailable();
    return nodeId;
  }

  #checkRequest(request: PlaceRequest): void {
    this.#check(request.room);
    profileJson(request);
  }

  #check(room: string): void {
    checkText('room', room);
    if (this.#corrupt.has(room)) throw new SkeinError('INTERNAL', 'the room is damaged');
  }

  /** Before a write: what `fallBack` goes back to. */
  #remember(): void {
    const { history = 0 } = this.#options;
    if (history === 0) return;
    const copies = [...this.#rooms.values()].map((room) => room.copy());
    this.#earlier = [...this.#earlier, copies].slice(-history);
  }

  #room(room: string): MemoryRoom {
    const known = this.#rooms.get(room);
    if (!known) throw new Error(`there is no room ${room}`);
    return known;
  }

  #entry(room: string, identity: string): Entry | undefined {
    return this.#rooms.get(room)?.entries.get(identity);
  }

  #participant(room: string, identity: string): Participant | undefined {
    const entry = this.#entry(room, identity);
    return entry?.isViewer ? undefined : entry?.member;
  }
}
