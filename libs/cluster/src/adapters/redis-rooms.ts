import {
  applyChange,
  limits,
  SkeinError,
  snapshotOf,
  type Participant,
  type RoomChange,
  type RoomSnapshot,
  type RoomState,
  type Track,
  type VersionedChange,
} from '@skein/protocol';
import type {
  Held,
  MoveRequest,
  Placed,
  PlaceRequest,
  RoomStore,
  RoomWrite,
  SessionRef,
  StoredSnapshot,
  StoreRecovery,
} from '../room-store.ts';
import { keys } from '../scripts/keys.ts';
import * as placing from '../scripts/placing-scripts.ts';
import * as scripts from '../scripts/room-scripts.ts';
import type { Script } from '../scripts/script.ts';
import { refusals } from '../store-errors.ts';
import { changeJson, memberJson, memberOpening, trackJson } from '../stored-json.ts';
import type { Argument, RedisConnection } from './redis-connection.ts';
import type { RoomIndex } from './redis-room-index.ts';

/** What a script answers: a word, and what belongs to it. Numbers travel as text. */
type Reply = readonly [status: string, ...rest: unknown[]];

export class RedisRooms implements RoomStore {
  readonly #redis: RedisConnection;
  readonly #index: RoomIndex;

  constructor(redis: RedisConnection, index: RoomIndex) {
    this.#redis = redis;
    this.#index = index;
  }

  async place(request: PlaceRequest): Promise<Placed> {
    const { room, identity, maxParticipants, known } = request;
    const opening = memberOpening(request);
    const args = [identity, opening, maxParticipants, ...nodeArguments(request), known?.version ?? ''];
    const reply = await this.#run(room, placing.place, args);
    switch (reply[0]) {
      case 'ROOM_FULL':
        throw refusals.ROOM_FULL(maxParticipants);
      case 'NO_NODE_AVAILABLE':
        throw refusals.NO_NODE_AVAILABLE();
      default:
        return await this.#placed(room, reply, joinedChange, known);
    }
  }

  async move(request: MoveRequest): Promise<Placed> {
    const { room, identity, sessionId, fromEpoch, reason } = request;
    const rest = [sessionId, fromEpoch, JSON.stringify(reason)];
    const args = [identity, memberOpening(request), ...nodeArguments(request), ...rest];
    const reply = await this.#run(room, placing.move, args);
    switch (reply[0]) {
      case 'STALE_EPOCH':
        throw refusals.STALE_EPOCH();
      case 'NO_NODE_AVAILABLE':
        throw refusals.NO_NODE_AVAILABLE();
      default:
        return await this.#placed(room, reply, (participant, superseded) =>
          superseded ? { type: 'participantMoved', participant, reason } : joinedChange(participant),
        );
    }
  }

  async announce(room: string, { participants, tracks, knownVersion = 0 }: Held): Promise<RoomWrite> {
    const reply = await this.#run(room, placing.announce, [
      knownVersion,
      participants.length,
      ...participants.flatMap((one) => [one.identity, one.epoch, one.nodeId, memberJson(one)]),
      ...tracks.flatMap((one) => [one.trackId, one.identity, one.epoch, trackJson(one)]),
    ]);
    const [, born, created, ...flat] = reply as [string, string, number, ...string[]];
    if (created === 1) await this.#index.add(room, born);
    return { changes: changesFrom(flat) };
  }

  async #placed(
    room: string,
    reply: Reply,
    changeOf: (participant: Participant, superseded: Participant | undefined) => RoomChange,
    known?: RoomState,
  ): Promise<Placed> {
    // Without tracks at the end, what comes in place of the members are the changes since `known`.
    const [status, version, born, created, member, old, contents, tracks] = reply as [
      ...[status: string, version: string, born: string, created: number],
      ...[member: string, old: string, contents: string[], tracks?: string[]],
    ];
    if (created === 1) await this.#index.add(room, born);
    else this.#index.addLater(room, born);
    const participant = parse<Participant>(member);
    const superseded = old === '' ? undefined : parse<Participant>(old);
    return {
      participant,
      snapshot: tracks
        ? snapshotFrom(room, version, contents, tracks)
        : snapshotOf(changesFrom(contents).reduce(withChange, known ?? emptyRoom(room))),
      superseded,
      ...written([status, version], changeOf(participant, superseded)),
    };
  }

  async publishTrack(room: string, sessionId: string, track: Track): Promise<RoomWrite> {
    const change: RoomChange = { type: 'trackPublished', track };
    const { identity, epoch, trackId } = track;
    const limit = limits.tracksPerParticipant;
    const args = [identity, sessionId, epoch, trackId, trackJson(track), changeJson(change), limit];
    const reply = await this.#run(room, scripts.publishTrack, args);
    switch (reply[0]) {
      case 'SESSION_NOT_FOUND':
        throw refusals.SESSION_NOT_FOUND();
      case 'STALE_EPOCH':
        throw refusals.STALE_EPOCH();
      case 'TRACK_TAKEN':
        throw refusals.TRACK_TAKEN();
      case 'LIMIT_EXCEEDED':
        throw refusals.LIMIT_EXCEEDED(limit);
      default:
        return written(reply, change);
    }
  }

  async updateTrack(room: string, session: SessionRef, trackId: string, muted: boolean): Promise<RoomWrite> {
    const change: RoomChange = { type: 'trackUpdated', trackId, muted };
    const args = [session.identity, session.epoch, trackId, String(muted), changeJson(change)];
    const reply = await this.#run(room, scripts.updateTrack, args);
    if (reply[0] === 'STALE_EPOCH') throw refusals.STALE_EPOCH();
    if (reply[0] === 'TRACK_NOT_FOUND') throw refusals.TRACK_NOT_FOUND(trackId);
    return written(reply, change);
  }

  async unpublishTrack(
    room: string,
    session: SessionRef,
    trackId: string,
    reason: string,
  ): Promise<RoomWrite> {
    const { identity, epoch } = session;
    const change: RoomChange = { type: 'trackUnpublished', trackId, identity, reason };
    const reply = await this.#run(room, scripts.unpublishTrack, [
      identity,
      epoch,
      trackId,
      changeJson(change),
    ]);
    if (reply[0] === 'STALE_EPOCH') throw refusals.STALE_EPOCH();
    return written(reply, change);
  }

  async leave(
    room: string,
    { identity, epoch }: SessionRef,
    reason: string,
    leaderFence?: number,
  ): Promise<RoomWrite> {
    const change: RoomChange = { type: 'participantLeft', identity, epoch, reason };
    const args = [identity, epoch, changeJson(change)];
    const leads = leaderFence !== undefined;
    const reply = (await this.#redis.run(
      scripts.leave,
      [...keys.room(room), ...(leads ? [keys.reconciler, keys.acts] : [])],
      [...args, ...(leads ? [leaderFence, `take out ${identity}`] : [])],
    )) as Reply;
    if (reply[0] === 'NOT_LEADING') throw refusals.NOT_LEADING();
    const born = reply[2];
    if (typeof born === 'string') await this.#index.remove(room, born);
    return written(reply, change);
  }

  async snapshot(room: string): Promise<StoredSnapshot | undefined> {
    const [status, version, born, members, tracks] = await this.#run(room, scripts.snapshot, []);
    if (status === 'NONE') return undefined;
    const snapshot = snapshotFrom(room, version as string, members as string[], tracks as string[]);
    return { ...snapshot, bornVersion: Number(born) };
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    const [status, ...flat] = (await this.#run(room, scripts.changesSince, [version])) as readonly string[];
    if (status === 'NONE') return undefined;
    return changesFrom(flat);
  }

  async versions(rooms: readonly string[]): Promise<readonly (number | undefined)[]> {
    const found = await this.#redis.batch(rooms.map((room) => ['HGET', keys.roomMeta(room), 'version']));
    return found.map((version) => (version === null ? undefined : Number(version)));
  }

  async listRooms({ pageSize, after }: { pageSize: number; after?: string }): Promise<readonly string[]> {
    const names: string[] = [];
    for (let from = after; names.length < pageSize;) {
      const page = await this.#index.page(from, pageSize - names.length);
      const last = page.at(-1);
      if (!last) break;
      const versions = await this.versions(page.map(({ room }) => room));
      for (const [at, { room, born }] of page.entries()) {
        if (versions[at] === undefined) await this.#index.remove(room, born);
        else names.push(room);
      }
      from = last.room;
    }
    return names;
  }

  onRecovered(listener: (recovery: StoreRecovery) => void): Disposable {
    return this.#redis.events.on('recovered', listener);
  }

  async #run(room: string, script: Script, args: readonly Argument[]): Promise<Reply> {
    return (await this.#redis.run(script, keys.room(room), args)) as Reply;
  }
}

/** The choice of a node, as the scripts take it. */
function nodeArguments({ candidates }: PlaceRequest): readonly Argument[] {
  const { wishedNodeId = '', fallbackNodeId = '', openNodeIds } = candidates;
  return [wishedNodeId, fallbackNodeId, ` ${openNodeIds.join(' ')} `];
}

function emptyRoom(room: string): RoomState {
  return { room, version: 0, participants: new Map(), tracks: new Map() };
}

/** A change out of turn is a bug: the script answers with those that follow what was known. */
function withChange(state: RoomState, change: VersionedChange): RoomState {
  const applied = applyChange(state, change);
  if (applied.outcome === 'applied') return applied.state;
  throw new SkeinError('INTERNAL', 'the changes of a room do not follow each other');
}

function joinedChange(participant: Participant): RoomChange {
  return { type: 'participantJoined', participant };
}

/** From version, change, version, change, … */
function changesFrom(flat: readonly string[]): readonly VersionedChange[] {
  return Array.from({ length: flat.length / 2 }, (_, at) => ({
    version: Number.parseInt(flat[2 * at] ?? '', 10),
    change: parse<RoomChange>(flat[2 * at + 1] ?? ''),
  }));
}

function written([status, version]: Reply, change: RoomChange): RoomWrite {
  return { changes: status === 'OK' ? [{ version: Number(version), change }] : [] };
}

function snapshotFrom(
  room: string,
  version: string,
  members: readonly string[],
  tracks: readonly string[],
): RoomSnapshot {
  return {
    room,
    version: Number(version),
    participants: members.map((json) => parse<Participant>(json)).toSorted(byArrival),
    tracks: tracks.map((json) => parse<Track>(json)),
  };
}

function byArrival(one: Participant, other: Participant): number {
  return one.joinedAtMs - other.joinedAtMs || (one.identity < other.identity ? -1 : 1);
}

/** What the scripts store was checked before it was written. */
function parse<Value>(json: string): Value {
  return JSON.parse(json) as Value;
}
