// Apart from the schemas: a browser bundle that holds a room's state must not include zod.
import type {
  Participant,
  ParticipantConnection,
  RoomChange,
  RoomSnapshot,
  Track,
  VersionedChange,
} from './room-state.ts';

/** A room's state, indexed. Gateways, nodes and clients hold this shape and apply the same changes. */
export interface RoomState {
  readonly room: string;
  readonly version: number;
  readonly participants: ReadonlyMap<string, Participant>;
  readonly tracks: ReadonlyMap<string, Track>;
}

export function roomStateOf(snapshot: RoomSnapshot): RoomState {
  return {
    room: snapshot.room,
    version: snapshot.version,
    participants: new Map(snapshot.participants.map((member) => [member.identity, member])),
    tracks: new Map(snapshot.tracks.map((one) => [one.trackId, one])),
  };
}

export function snapshotOf({ room, version, participants, tracks }: RoomState): RoomSnapshot {
  return { room, version, participants: [...participants.values()], tracks: [...tracks.values()] };
}

/** The outcome of a change: applied, already known, or ahead of changes that are missing. */
export type Applied =
  | { readonly outcome: 'applied'; readonly state: RoomState }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'gap'; readonly missingFrom: number };

/** Applies the change if it is the next one. Pure: `state` is not modified. */
export function applyChange(state: RoomState, { version, change }: VersionedChange): Applied {
  if (version <= state.version) return { outcome: 'duplicate' };
  if (version > state.version + 1) return { outcome: 'gap', missingFrom: state.version + 1 };
  return { outcome: 'applied', state: { ...state, version, ...reduce(state, change) } };
}

function reduce(state: RoomState, change: RoomChange): Partial<RoomState> {
  switch (change.type) {
    case 'participantJoined': {
      const { participant: member } = change;
      return {
        participants: new Map(state.participants).set(member.identity, member),
        tracks: without(state.tracks, (one) => one.identity === member.identity && one.epoch < member.epoch),
      };
    }
    case 'participantMoved': {
      const { participant: member } = change;
      // Clients get the entry without the metadata, which a migration does not change.
      const moved = { ...metadataOf(state.participants.get(member.identity)), ...member };
      return { participants: new Map(state.participants).set(member.identity, moved) };
    }
    case 'participantLeft':
      return {
        participants: without(state.participants, (member) => member.identity === change.identity),
        tracks: without(state.tracks, (one) => one.identity === change.identity),
      };
    case 'participantUpdated': {
      const known = state.participants.get(change.identity);
      if (known?.epoch !== change.epoch) return {};
      const member = withConnection(known, change.connection);
      return { participants: new Map(state.participants).set(member.identity, member) };
    }
    case 'trackPublished':
      return { tracks: new Map(state.tracks).set(change.track.trackId, change.track) };
    case 'trackUpdated': {
      const known = state.tracks.get(change.trackId);
      return known
        ? { tracks: new Map(state.tracks).set(known.trackId, { ...known, muted: change.muted }) }
        : {};
    }
    case 'trackUnpublished':
      return { tracks: without(state.tracks, (one) => one.trackId === change.trackId) };
  }
}

function metadataOf(member: Participant | undefined): Pick<Participant, 'metadata'> {
  return member?.metadata === undefined ? {} : { metadata: member.metadata };
}

/** The entry with this connection. */
export function withConnection(
  { connection: _before, ...member }: Participant,
  connection: ParticipantConnection,
): Participant {
  return connection === 'lost' ? { ...member, connection } : member;
}

function without<Value>(
  map: ReadonlyMap<string, Value>,
  drop: (value: Value) => boolean,
): Map<string, Value> {
  return new Map([...map].filter(([, value]) => !drop(value)));
}
