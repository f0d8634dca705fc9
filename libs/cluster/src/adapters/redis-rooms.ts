import { createHash } from 'node:crypto';
import {
  applyChange,
  limits,
  SkeinError,
  snapshotOf,
  type Participant,
  type ParticipantConnection,
  type RoomChange,
  type RoomState,
  type Track,
  type VersionedChange,
} from '@skein/protocol';
import type {
  RoomAnnouncement,
  MoveRequest,
  Placed,
  PlaceRequest,
  RoomHead,
  RoomStore,
  RoomWrite,
  SessionInRoom,
  StoredSnapshot,
  StoreRecovery,
} from '../store/room-store.ts';
import { keys } from '../scripts/keys.ts';
import * as placing from '../scripts/placing-scripts.ts';
import * as scripts from '../scripts/room-scripts.ts';
import type { Script } from '../scripts/script.ts';
import { StoreError } from '../store/errors.ts';
import {
  byArrival,
  checkText,
  memberEntry,
  NO_STAY,
  profileJson,
  readChanges,
  readEntries,
  readMember,
  readTrack,
  readViewership,
  trackEntry,
} from '../store/stored-entries.ts';
import type { Argument, Command, RedisConnection } from './redis-connection.ts';
import type { RoomIndex } from './redis-room-index.ts';

/** A script's answer: a status, then its data. Numbers travel as text. */
type Reply = readonly [status: string, ...rest: unknown[]];

export class RedisRooms implements RoomStore {
  readonly #redis: RedisConnection;
  readonly #index: RoomIndex;

  constructor(redis: RedisConnection, index: RoomIndex) {
    this.#redis = redis;
    this.#index = index;
  }

  async place(request: PlaceRequest): Promise<Placed> {
    const { room, maxParticipants, known, lastEpoch = '' } = request;
    const args = [...memberArguments(request), maxParticipants, ...nodeArguments(request)];
    const reply = await this.#write(room, placing.place, [...args, known?.version ?? '', lastEpoch, room]);
    switch (reply[0]) {
      case 'ROOM_FULL':
        throw StoreError.roomFull(maxParticipants);
      case 'NO_NODE_AVAILABLE':
        throw StoreError.noNodeAvailable();
      case 'SUPERSEDED':
        throw StoreError.superseded();
      default:
        return await this.#placed(request, reply);
    }
  }

  async move(request: MoveRequest): Promise<Placed> {
    const { room, fromEpoch, reason } = request;
    checkText('reason', reason);
    const rest = [fromEpoch, JSON.stringify(reason), room];
    const args = [...memberArguments(request), ...nodeArguments(request), ...rest];
    const reply = await this.#write(room, placing.move, args);
    switch (reply[0]) {
      case 'STALE_EPOCH':
        throw StoreError.staleEpoch();
      case 'NO_NODE_AVAILABLE':
        throw StoreError.noNodeAvailable();
      default:
        return await this.#placed(request, reply, reason);
    }
  }

  async announce(room: string, held: RoomAnnouncement): Promise<RoomWrite> {
    const { participants, viewers = [], tracks, knownVersion = 0 } = held;
    const members = [
      ...participants.map((one) => [one, 'participant'] as const),
      ...viewers.map((one) => [one, 'viewer'] as const),
    ];
    const [viewership, ...flat] = (await this.#write(room, placing.announce, [
      knownVersion,
      members.length,
      ...members.flatMap(([one, role]) => [one.identity, memberEntry(one), role]),
      ...tracks.flatMap((one) => [one.trackId, one.identity, trackEntry(one)]),
      room,
    ])) as readonly string[];
    return { changes: readChanges(flat) ?? [], ...readViewership(viewership) };
  }

  async #placed({ room, identity, known }: PlaceRequest, reply: Reply, reason = ''): Promise<Placed> {
    // Without tracks at the end, the contents are the changes since `known` instead of the members.
    const [wrote, version, member, old, changed, viewership, contents, tracks] = reply as [
      ...[wrote: '' | Wrote, version: string, member: string, old: string],
      ...[changed: string, viewership: string, contents: string[], tracks?: string[]],
    ];
    const participant = readMember(identity, member);
    if (!participant) throw new SkeinError('INTERNAL', 'the store returned a malformed participant');
    const superseded = readMember(identity, old);
    const snapshot = tracks
      ? snapshotFrom(room, version, contents, tracks)
      : (followed(known ?? emptyRoom(room), contents) ?? (await this.#present(room)));
    const change = wrote === '' ? undefined : placingChange(wrote, participant, superseded, reason);
    return {
      participant,
      snapshot: { ...snapshot, ...readViewership(viewership) },
      superseded,
      changes: change ? [{ version: Number(version), change }] : [],
      ...readViewership(changed),
    };
  }

  /** Replaces an unreadable log. */
  async #present(room: string): Promise<StoredSnapshot> {
    const snapshot = await this.snapshot(room);
    if (!snapshot) throw new SkeinError('UNAVAILABLE', 'the room was lost just now; try again');
    return snapshot;
  }

  async publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite> {
    const change: RoomChange = { type: 'trackPublished', track };
    const { identity, epoch, trackId } = track;
    const limit = limits.tracksPerParticipant;
    const args = [identity, sessionId, epoch, trackId, trackEntry(track), limit];
    const reply = await this.#write(room, scripts.publishTrack, args);
    switch (reply[0]) {
      case 'SESSION_NOT_FOUND':
        throw StoreError.sessionNotFound();
      case 'STALE_EPOCH':
        throw StoreError.staleEpoch();
      case 'TRACK_TAKEN':
        throw StoreError.trackTaken();
      case 'LIMIT_EXCEEDED':
        throw StoreError.tooManyTracks(limit);
      default:
        return written(reply, change);
    }
  }

  async updateConnection(
    room: string,
    { identity, epoch }: SessionInRoom,
    connection: ParticipantConnection,
  ): Promise<RoomWrite> {
    const change: RoomChange = { type: 'participantUpdated', identity, epoch, connection };
    const args = [identity, epoch, connection === 'connected' ? 1 : 0, JSON.stringify(change)];
    const reply = await this.#write(room, scripts.updateMember, args);
    if (reply[0] === 'STALE_EPOCH') throw StoreError.staleEpoch();
    return written(reply, change);
  }

  async updateTrack(
    room: string,
    session: SessionInRoom,
    trackId: string,
    muted: boolean,
  ): Promise<RoomWrite> {
    const change: RoomChange = { type: 'trackUpdated', trackId, muted };
    const args = [session.identity, session.epoch, trackId, muted ? 1 : 0, JSON.stringify(change)];
    const reply = await this.#write(room, scripts.updateTrack, args);
    if (reply[0] === 'STALE_EPOCH') throw StoreError.staleEpoch();
    if (reply[0] === 'TRACK_NOT_FOUND') throw StoreError.trackNotFound(trackId);
    return written(reply, change);
  }

  async unpublishTrack(
    room: string,
    session: SessionInRoom,
    trackId: string,
    reason: string,
  ): Promise<RoomWrite> {
    const { identity, epoch } = session;
    const change: RoomChange = { type: 'trackUnpublished', trackId, identity, reason };
    checkText('reason', reason);
    const args = [identity, epoch, trackId, JSON.stringify(change)];
    const reply = await this.#write(room, scripts.unpublishTrack, args);
    if (reply[0] === 'STALE_EPOCH') throw StoreError.staleEpoch();
    return written(reply, change);
  }

  async leave(
    room: string,
    { identity, epoch }: SessionInRoom,
    reason: string,
    leaderFence?: number,
  ): Promise<RoomWrite> {
    checkText('reason', reason);
    const change: RoomChange = { type: 'participantLeft', identity, epoch, reason };
    const args = [identity, epoch, JSON.stringify(change)];
    const leads = leaderFence !== undefined;
    const reply = await this.#write(
      room,
      scripts.leave,
      [...args, ...(leads ? [leaderFence, `remove ${identity}`] : []), room],
      leads ? [keys.reconciler, keys.auditLog] : [],
    );
    if (reply[0] === 'NOT_LEADING') throw StoreError.notLeader();
    const [, , viewership] = reply as [string, string?, string?];
    return { ...written(reply, change), ...readViewership(viewership) };
  }

  async repair(room: string, leaderFence: number): Promise<number> {
    const [, ...parts] = keys.room(room);
    const [members, tracks, , , , viewers] = parts;
    const hashes = [
      ['members', members, readMember],
      ['viewers', viewers, readMember],
      ['tracks', tracks, readTrack],
    ] as const;
    const found = await this.#redis.readEach(hashes.map(([, key = '']) => ['HGETALL', key]));
    const unreadable = hashes.flatMap(([part, , read], at) => {
      const flat = found[at] instanceof Error ? [] : (found[at] as readonly Buffer[]);
      return damagedEntries(flat, read).flatMap(([field, value]) => [part, field, sha1(value)]);
    });
    const removed = await this.#redis.run(
      scripts.repair,
      [...keys.room(room), keys.reconciler, keys.auditLog],
      [leaderFence, ...unreadable, room],
    );
    if (removed === 'NOT_LEADING') throw StoreError.notLeader();
    return Number(removed);
  }

  async snapshot(room: string): Promise<StoredSnapshot | undefined> {
    const reply = await this.#read(room, scripts.snapshot, []);
    if (reply[0] === 'NONE') return undefined;
    const [, version, born, members, tracks, viewership] = reply as [
      ...[status: string, version: string, born: string],
      ...[members: string[], tracks: string[], viewership: string],
    ];
    const snapshot = snapshotFrom(room, version, members, tracks);
    return { ...snapshot, bornVersion: Number(born), ...readViewership(viewership) };
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    const [status, ...flat] = (await this.#read(room, scripts.changesSince, [version])) as readonly string[];
    return status === 'NONE' ? undefined : readChanges(flat);
  }

  async viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]> {
    if (identities?.length === 0) return [];
    const key = keys.roomViewers(room);
    const command: Command = identities ? ['HMGET', key, ...identities] : ['HGETALL', key];
    const found = (await this.#redis.call(command)) as (string | null)[];
    const flat = identities ? identities.flatMap((identity, at) => [identity, found[at] ?? '']) : found;
    return readEntries(flat as string[], readMember).values;
  }

  async heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]> {
    const found = await this.#redis.readEach(rooms.map(headOf));
    return found.map((values) => {
      const [version, viewership] = values instanceof Error ? [] : (values as readonly (Buffer | null)[]);
      return version ? { version: Number(version), ...readViewership(viewership?.toString()) } : undefined;
    });
  }

  async listRooms({ pageSize, after }: { pageSize: number; after?: string }): Promise<readonly string[]> {
    const names: string[] = [];
    for (let from: string | Buffer | undefined = after; names.length < pageSize;) {
      const { names: page, next } = await this.#index.page(from, pageSize - names.length);
      if (!next) break;
      const heads = await this.#redis.readEach(page.map(headOf));
      for (const [at, room] of page.entries()) {
        // A damaged room stays in the list, so that the sweep repairs it.
        const head = heads[at] as Error | readonly (Buffer | null)[];
        if (head instanceof Error || head[0]) names.push(room);
        else await this.#index.forget(room);
      }
      from = next;
    }
    return names;
  }

  onRecovered(listener: (recovery: StoreRecovery) => void): Disposable {
    return this.#redis.events.on('recovered', listener);
  }

  async #write(
    room: string,
    script: Script,
    args: readonly Argument[],
    moreKeys: readonly string[] = [],
  ): Promise<Reply> {
    return (await this.#redis.run(script, [...keys.room(room), ...moreKeys], args)) as Reply;
  }

  async #read(room: string, script: Script, args: readonly Argument[]): Promise<Reply> {
    return (await this.#redis.run(script, keys.room(room), args)) as Reply;
  }
}

/** The member, as the scripts take it. */
function memberArguments(request: PlaceRequest): readonly Argument[] {
  const { identity, sessionId, stayId = NO_STAY, role = 'participant' } = request;
  return [identity, sessionId, profileJson(request), stayId, role];
}

/** The node candidates, as the scripts take them. */
function nodeArguments({ candidates }: PlaceRequest): readonly Argument[] {
  const { preferredNodeId = '', fallbackNodeId = '', openNodeIds } = candidates;
  return [preferredNodeId, fallbackNodeId, ` ${openNodeIds.join(' ')} `];
}

function headOf(room: string): Command {
  return ['HMGET', keys.roomMeta(room), 'version', 'viewership'];
}

/** The malformed entries of a hash (field, value, field, value, …), byte for byte. */
function damagedEntries(
  flat: readonly Buffer[],
  read: (field: string, entry: string) => unknown,
): [field: Buffer, value: Buffer][] {
  const pairs = Array.from({ length: flat.length / 2 }, (_, at): [Buffer, Buffer] => [
    flat[2 * at] as Buffer,
    flat[2 * at + 1] as Buffer,
  ]);
  return pairs.filter(([field, value]) => {
    const [name, entry] = [field.toString(), value.toString()];
    const isText = Buffer.from(name).equals(field) && Buffer.from(entry).equals(value);
    return !isText || read(name, entry) === undefined;
  });
}

function sha1(value: Buffer): string {
  return createHash('sha1').update(value).digest('hex');
}

function emptyRoom(room: string): RoomState {
  return { room, version: 0, participants: new Map(), tracks: new Map() };
}

/** `undefined` when the changes are unreadable or do not follow `known`: the log is damaged then. */
function followed(known: RoomState, flat: readonly string[]): StoredSnapshot | undefined {
  let state = known;
  for (const change of readChanges(flat) ?? [undefined]) {
    const applied = change && applyChange(state, change);
    if (applied?.outcome !== 'applied') return undefined;
    state = applied.state;
  }
  return snapshotOf(state);
}

/** The kind of change that a placement was. */
type Wrote = 'joined' | 'moved' | 'left';

function placingChange(
  wrote: Wrote,
  participant: Participant,
  superseded: Participant | undefined,
  reason: string,
): RoomChange {
  switch (wrote) {
    case 'joined':
      return { type: 'participantJoined', participant };
    case 'moved':
      return { type: 'participantMoved', participant, reason };
    case 'left': {
      const { identity, epoch } = superseded ?? participant;
      return { type: 'participantLeft', identity, epoch, reason: 'superseded' };
    }
  }
}

function written([status, version]: Reply, change: RoomChange): RoomWrite {
  return { changes: status === 'OK' ? [{ version: Number(version), change }] : [] };
}

function snapshotFrom(
  room: string,
  version: string,
  members: readonly string[],
  tracks: readonly string[],
): StoredSnapshot {
  const participants = readEntries(members, readMember);
  const published = readEntries(tracks, readTrack);
  const damaged = participants.damaged + published.damaged;
  return {
    room,
    version: Number(version),
    participants: participants.values.toSorted(byArrival),
    tracks: published.values,
    ...(damaged > 0 && { damaged }),
  };
}
