import {
  applyChange,
  limits,
  SkeinError,
  snapshotOf,
  type Participant,
  type RoomChange,
  type RoomState,
  type Track,
  type VersionedChange,
  type Viewership,
} from '@skein/protocol';
import type {
  Held,
  MoveRequest,
  Placed,
  PlaceRequest,
  RoomHead,
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
    const { room, identity, maxParticipants, role = 'participant', known } = request;
    const opening = memberOpening(request);
    const args = [identity, opening, maxParticipants, role, ...nodeArguments(request), known?.version ?? ''];
    const reply = await this.#run(room, placing.place, args);
    switch (reply[0]) {
      case 'ROOM_FULL':
        throw refusals.ROOM_FULL(maxParticipants);
      case 'NO_NODE_AVAILABLE':
        throw refusals.NO_NODE_AVAILABLE();
      default:
        return await this.#placed(room, reply, { known });
    }
  }

  async move(request: MoveRequest): Promise<Placed> {
    const { room, identity, role = 'participant', sessionId, fromEpoch, reason } = request;
    const rest = [sessionId, fromEpoch, JSON.stringify(reason)];
    const args = [identity, memberOpening(request), role, ...nodeArguments(request), ...rest];
    const reply = await this.#run(room, placing.move, args);
    switch (reply[0]) {
      case 'STALE_EPOCH':
        throw refusals.STALE_EPOCH();
      case 'NO_NODE_AVAILABLE':
        throw refusals.NO_NODE_AVAILABLE();
      default:
        return await this.#placed(room, reply, { reason });
    }
  }

  async announce(room: string, held: Held): Promise<RoomWrite> {
    const { participants, viewers = [], tracks, knownVersion = 0 } = held;
    const members = [
      ...participants.map((one) => [one, 'participant'] as const),
      ...viewers.map((one) => [one, 'viewer'] as const),
    ];
    const reply = await this.#run(room, placing.announce, [
      knownVersion,
      members.length,
      ...members.flatMap(([one, role]) => [one.identity, one.epoch, one.nodeId, memberJson(one), role]),
      ...tracks.flatMap((one) => [one.trackId, one.identity, one.epoch, trackJson(one)]),
    ]);
    const [, born, created, viewership, ...flat] = reply as [string, string, number, string, ...string[]];
    if (created === 1) await this.#index.add(room, born);
    return { changes: changesFrom(flat), ...viewershipFrom(viewership) };
  }

  async #placed(
    room: string,
    reply: Reply,
    { known, reason = '' }: { readonly known?: RoomState | undefined; readonly reason?: string },
  ): Promise<Placed> {
    // Without tracks at the end, what comes in place of the members are the changes since `known`.
    const [wrote, version, born, created, member, old, changed, viewership, contents, tracks] = reply as [
      ...[wrote: '' | Wrote, version: string, born: string, created: number, member: string, old: string],
      ...[changed: string, viewership: string, contents: string[], tracks?: string[]],
    ];
    if (created === 1) await this.#index.add(room, born);
    else this.#index.addLater(room, born);
    const participant = parse<Participant>(member);
    const superseded = old === '' ? undefined : parse<Participant>(old);
    const snapshot = tracks
      ? snapshotFrom(room, version, contents, tracks)
      : snapshotOf(changesFrom(contents).reduce(withChange, known ?? emptyRoom(room)));
    const change = wrote === '' ? undefined : placingChange(wrote, participant, superseded, reason);
    return {
      participant,
      snapshot: { ...snapshot, ...viewershipFrom(viewership) },
      superseded,
      changes: change ? [{ version: Number(version), change }] : [],
      ...viewershipFrom(changed),
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
    const [, , born, viewership] = reply as [string, string?, string?, string?];
    if (born) await this.#index.remove(room, born);
    return { ...written(reply, change), ...viewershipFrom(viewership) };
  }

  async snapshot(room: string): Promise<StoredSnapshot | undefined> {
    const reply = await this.#run(room, scripts.snapshot, []);
    if (reply[0] === 'NONE') return undefined;
    const [, version, born, members, tracks, viewership] = reply as [
      ...[status: string, version: string, born: string],
      ...[members: string[], tracks: string[], viewership: string],
    ];
    const snapshot = snapshotFrom(room, version, members, tracks);
    return { ...snapshot, bornVersion: Number(born), ...viewershipFrom(viewership) };
  }

  async changesSince(room: string, version: number): Promise<readonly VersionedChange[] | undefined> {
    const [status, ...flat] = (await this.#run(room, scripts.changesSince, [version])) as readonly string[];
    if (status === 'NONE') return undefined;
    return changesFrom(flat);
  }

  async viewers(room: string, identities?: readonly string[]): Promise<readonly Participant[]> {
    if (identities?.length === 0) return [];
    const key = keys.roomViewers(room);
    const [found] = await this.#redis.batch([identities ? ['HMGET', key, ...identities] : ['HVALS', key]]);
    return (found as (string | null)[]).flatMap((json) => (json === null ? [] : [parse<Participant>(json)]));
  }

  async heads(rooms: readonly string[]): Promise<readonly (RoomHead | undefined)[]> {
    const found = await this.#redis.batch(
      rooms.map((room) => ['HMGET', keys.roomMeta(room), 'version', 'viewership']),
    );
    return (found as (string | null)[][]).map(([version, viewership]) =>
      version ? { version: Number(version), ...viewershipFrom(viewership) } : undefined,
    );
  }

  async listRooms({ pageSize, after }: { pageSize: number; after?: string }): Promise<readonly string[]> {
    const names: string[] = [];
    for (let from = after; names.length < pageSize;) {
      const page = await this.#index.page(from, pageSize - names.length);
      const last = page.at(-1);
      if (!last) break;
      const heads = await this.heads(page.map(({ room }) => room));
      for (const [at, { room, born }] of page.entries()) {
        if (heads[at] === undefined) await this.#index.remove(room, born);
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

/** Which change a placement was, as the scripts say. */
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

function viewershipFrom(json: string | null | undefined): { readonly viewership?: Viewership } {
  return json ? { viewership: parse<Viewership>(json) } : {};
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
): StoredSnapshot {
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
