import type { Layers, ParticipantConnection, Role, TrackKind, TrackSource } from '@skein/protocol';
import type { PictureSize } from '../media/engine.ts';
import type { CaptureState } from '../publications/capture-watch.ts';
import type { LocalTrack } from '../publications/local-track.ts';
import type { ConnectionState } from '../session/connection-state.ts';
import type { RemoteTrack } from '../subscriptions/remote-track.ts';
import type { SubscriptionStatus } from '../subscriptions/subscription.ts';
import type { LocalParticipant, RemoteParticipant } from './participants.ts';

/**
 * The state of a room at one moment. Immutable: objects and arrays are frozen, only media and errors are live objects.
 * Structurally shared: a part that has not changed since the previous snapshot is the same object.
 */
export interface RoomSnapshot {
  readonly name: string;
  readonly connection: ConnectionState;
  readonly localParticipant: LocalParticipantSnapshot;
  /** Everyone else, in the order in which they became known. */
  readonly participants: readonly ParticipantSnapshot[];
  /** Number of viewers in the room, including this client if it is one. */
  readonly viewers: number;
}

export interface LocalParticipantSnapshot {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string | undefined;
  readonly role: Role;
  readonly sessionId: string;
  readonly nodeId: string;
  /** In the order of publishing. */
  readonly tracks: readonly LocalTrackSnapshot[];
}

export interface LocalTrackSnapshot {
  readonly id: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly muted: boolean;
  readonly captureState: CaptureState;
  readonly captureSize: PictureSize | undefined;
  readonly mediaStreamTrack: MediaStreamTrack;
}

export interface ParticipantSnapshot {
  readonly identity: string;
  readonly name: string;
  readonly metadata: string | undefined;
  readonly nodeId: string;
  readonly connection: ParticipantConnection;
  readonly joinedAtMs: number;
  /** In the order of publishing. */
  readonly tracks: readonly RemoteTrackSnapshot[];
}

export interface RemoteTrackSnapshot {
  readonly id: string;
  readonly identity: string;
  readonly kind: TrackKind;
  readonly source: TrackSource;
  readonly name: string | undefined;
  readonly muted: boolean;
  readonly nodeId: string;
  readonly mimeType: string;
  readonly spatialLayers: number;
  readonly temporalLayers: number;
  readonly subscription: SubscriptionSnapshot;
}

/** How this client receives a track. Each property is the one of `RemoteTrack`. */
export interface SubscriptionSnapshot {
  readonly status: SubscriptionStatus;
  readonly enabled: boolean;
  readonly preferredLayers: Layers | undefined;
  readonly currentLayers: Layers | undefined;
  readonly pictureSize: PictureSize | undefined;
  readonly mediaStreamTrack: MediaStreamTrack | undefined;
}

// Each of these functions returns `previous` if it still describes the state.

export function localTrackSnapshot(
  previous: LocalTrackSnapshot | undefined,
  { id, kind, source, name, muted, captureState, captureSize, mediaStreamTrack }: LocalTrack,
): LocalTrackSnapshot {
  return share(previous, {
    id,
    kind,
    source,
    name,
    muted,
    captureState,
    captureSize: shareCopy(previous?.captureSize, captureSize),
    mediaStreamTrack,
  });
}

export function localParticipantSnapshot(
  previous: LocalParticipantSnapshot | undefined,
  { identity, name, metadata, role, sessionId, nodeId, tracks }: LocalParticipant,
): LocalParticipantSnapshot {
  const known = new Map(previous?.tracks.map((track) => [track.id, track]));
  const next = [...tracks.values()].map((track) => localTrackSnapshot(known.get(track.id), track));
  return share(previous, {
    identity,
    name,
    metadata,
    role,
    sessionId,
    nodeId,
    tracks: shareList(previous?.tracks, next),
  });
}

export function remoteTrackSnapshot(
  previous: RemoteTrackSnapshot | undefined,
  track: RemoteTrack,
  status: SubscriptionStatus,
): RemoteTrackSnapshot {
  const { id, identity, kind, source, name, muted, nodeId, mimeType, spatialLayers, temporalLayers } = track;
  const { enabled, preferredLayers, currentLayers, pictureSize, mediaStreamTrack } = track;
  const before = previous?.subscription;
  const subscription = share(before, {
    status,
    enabled,
    preferredLayers: shareCopy(before?.preferredLayers, preferredLayers),
    currentLayers: shareCopy(before?.currentLayers, currentLayers),
    pictureSize: shareCopy(before?.pictureSize, pictureSize),
    mediaStreamTrack,
  });
  return share(previous, {
    id,
    identity,
    kind,
    source,
    name,
    muted,
    nodeId,
    mimeType,
    spatialLayers,
    temporalLayers,
    subscription,
  });
}

export function participantSnapshot(
  previous: ParticipantSnapshot | undefined,
  { identity, name, metadata, nodeId, connection, joinedAtMs }: RemoteParticipant,
  tracks: readonly RemoteTrackSnapshot[],
): ParticipantSnapshot {
  return share(previous, {
    identity,
    name,
    metadata,
    nodeId,
    connection,
    joinedAtMs,
    tracks: shareList(previous?.tracks, tracks),
  });
}

export function roomSnapshot(previous: RoomSnapshot | undefined, next: RoomSnapshot): RoomSnapshot {
  return share(previous, {
    ...next,
    connection: shareCopy(previous?.connection, next.connection),
    participants: shareList(previous?.participants, next.participants),
  });
}

/** `previous` if it has the same properties, else `next`, frozen. */
function share<Value extends object>(previous: Value | undefined, next: Value): Value {
  if (previous && sameProperties(previous, next)) return previous;
  return Object.freeze(next);
}

/** The same for an object that may change later, or is made for each read. */
function shareCopy<Value extends object>(previous: Value | undefined, next: Value): Value;
function shareCopy<Value extends object>(
  previous: Value | undefined,
  next: Value | undefined,
): Value | undefined;
function shareCopy(previous: object | undefined, next: object | undefined): object | undefined {
  return next && share(previous, { ...next });
}

function shareList<Value>(previous: readonly Value[] | undefined, next: readonly Value[]): readonly Value[] {
  const same = previous?.length === next.length && previous.every((value, index) => value === next[index]);
  return same ? previous : Object.freeze(next);
}

function sameProperties(one: object, other: object): boolean {
  const keys = Object.keys(other) as (keyof object)[];
  return keys.length === Object.keys(one).length && keys.every((key) => Object.is(one[key], other[key]));
}
