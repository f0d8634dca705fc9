import { z } from 'zod';
import { displayName, epoch, identity, metadata, opaqueId, roomName, roomVersion } from './fields.ts';
import { trackKinds, trackSources } from './media.ts';

/** A member of a room and where its media is. */
export const participant = z.object({
  identity,
  name: displayName,
  metadata: metadata.optional(),
  sessionId: opaqueId,
  nodeId: opaqueId,
  epoch,
  joinedAtMs: z.number().int(),
});
export type Participant = z.infer<typeof participant>;

/** What a participant publishes. Its id outlives the transport that carries it. */
export const track = z.object({
  trackId: opaqueId,
  identity,
  /** The session that publishes it; a track of a lower epoch than its participant's is void. */
  epoch,
  nodeId: opaqueId,
  /** The router on that node; for other nodes, who pull from it. */
  routerId: z.string().max(64),
  kind: z.enum(trackKinds),
  source: z.enum(trackSources),
  name: displayName.optional(),
  muted: z.boolean(),
  /** Lower case, such as `video/vp8`. */
  mimeType: z.string().max(64),
  /** Simulcast encodings or SVC spatial layers; 1 for anything else. */
  spatialLayers: z.number().int().min(1).max(8),
  temporalLayers: z.number().int().min(1).max(8),
});
export type Track = z.infer<typeof track>;

/** The whole state of a room at one version. */
export const roomSnapshot = z.object({
  room: roomName,
  version: roomVersion,
  participants: z.array(participant),
  tracks: z.array(track),
});
export type RoomSnapshot = z.infer<typeof roomSnapshot>;

/** One entry of a room's log. Each raises the version by exactly 1. */
export const roomChange = z.discriminatedUnion('type', [
  /** Joined, took over, or was placed again: replaces the entry and voids tracks of a lower epoch. */
  z.object({ type: z.literal('participantJoined'), participant }),
  z.object({ type: z.literal('participantLeft'), identity, epoch, reason: z.string().max(64) }),
  z.object({ type: z.literal('trackPublished'), track }),
  z.object({ type: z.literal('trackUpdated'), trackId: opaqueId, muted: z.boolean() }),
  z.object({ type: z.literal('trackUnpublished'), trackId: opaqueId, identity, reason: z.string().max(64) }),
]);
export type RoomChange = z.infer<typeof roomChange>;

/** A change with the version that the room has after it: what NATS, the log and clients carry. */
export const versionedChange = z.object({ version: roomVersion, change: roomChange });
export type VersionedChange = z.infer<typeof versionedChange>;

/** A room's state, indexed. Gateways, nodes and clients hold the same shape and apply the same changes. */
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

/** What applying a change came to: it may be old, in turn, or show that some before it are missing. */
export type Applied =
  | { readonly outcome: 'applied'; readonly state: RoomState }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'gap'; readonly missingFrom: number };

/** Applies one change if it is the next in turn. Pure: the state that went in stays as it was. */
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
    case 'participantLeft':
      return {
        participants: without(state.participants, (member) => member.identity === change.identity),
        tracks: without(state.tracks, (one) => one.identity === change.identity),
      };
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

function without<Value>(
  map: ReadonlyMap<string, Value>,
  drop: (value: Value) => boolean,
): Map<string, Value> {
  return new Map([...map].filter(([, value]) => !drop(value)));
}
