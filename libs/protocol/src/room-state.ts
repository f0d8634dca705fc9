import { z } from 'zod';
import { displayName, epoch, identity, metadata, opaqueId, roomName, roomVersion, text } from './fields.ts';
import { trackKinds, trackSources } from './track-kinds.ts';

/** `lost`: the client's socket was lost. The participant leaves the room unless the client resumes in time. */
export const participantConnections = ['connected', 'lost'] as const;
export type ParticipantConnection = (typeof participantConnections)[number];

/** A participant of a room, with the session that carries its media. */
export const participant = z.object({
  identity,
  name: displayName,
  metadata: metadata.optional(),
  sessionId: opaqueId,
  nodeId: opaqueId,
  epoch,
  joinedAtMs: z.number().int(),
  /** Absent while its client is connected. */
  connection: z.literal('lost').optional(),
});
export type Participant = z.infer<typeof participant>;

/** A published track. Its id outlives the transport that carries it. */
export const track = z.object({
  trackId: opaqueId,
  identity,
  /** The epoch of the session that publishes it; a track with a lower epoch than its participant's is in transit or void. */
  epoch,
  nodeId: opaqueId,
  /** The router on that node, from which other nodes pull the track. */
  routerId: text(64),
  kind: z.enum(trackKinds),
  source: z.enum(trackSources),
  name: displayName.optional(),
  muted: z.boolean(),
  /** Lower case, such as `video/vp8`. */
  mimeType: text(64),
  /** Simulcast encodings or SVC spatial layers, else 1. */
  spatialLayers: z.number().int().min(1).max(8),
  temporalLayers: z.number().int().min(1).max(8),
});
export type Track = z.infer<typeof track>;

/** Number of viewers in a room: not part of its versioned state. */
export const viewerCount = z.number().int().nonnegative();

/** The viewers of a room, as services publish them. */
export const viewership = z.object({
  viewers: viewerCount,
  /** Nodes that carry viewers. */
  nodeIds: z.array(opaqueId),
  /** At least microseconds since 1970, raised by every change: the higher of two is the current one. */
  revision: z.number().int().nonnegative(),
});
export type Viewership = z.infer<typeof viewership>;

/** The whole state of a room at one version. */
export const roomSnapshot = z.object({
  room: roomName,
  version: roomVersion,
  participants: z.array(participant),
  tracks: z.array(track),
  /** Absent when not known. */
  viewers: viewerCount.optional(),
  /**
   * Only in messages to clients, when the state is too large for one: the number of pages, of which this is page 0.
   * `roomPage` returns the others of the same version. Absent: the state is complete.
   */
  pages: z.number().int().min(2).optional(),
});
export type RoomSnapshot = z.infer<typeof roomSnapshot>;

/** One entry of a room's log. Each raises the version by exactly 1. */
export const roomChange = z.discriminatedUnion('type', [
  /** Joined or took over: replaces the entry and voids tracks with a lower epoch. */
  z.object({ type: z.literal('participantJoined'), participant }),
  /**
   * Migrated: replaces the entry and keeps the tracks, which are in transit until they are published again (same id, new
   * epoch) or unpublished. The metadata does not change; clients get the entry without it.
   */
  z.object({ type: z.literal('participantMoved'), participant, reason: text(64) }),
  z.object({ type: z.literal('participantLeft'), identity, epoch, reason: text(64) }),
  /** The client's socket was lost, or the client has resumed. */
  z.object({
    type: z.literal('participantUpdated'),
    identity,
    epoch,
    connection: z.enum(participantConnections),
  }),
  z.object({ type: z.literal('trackPublished'), track }),
  z.object({ type: z.literal('trackUpdated'), trackId: opaqueId, muted: z.boolean() }),
  z.object({ type: z.literal('trackUnpublished'), trackId: opaqueId, identity, reason: text(64) }),
]);
export type RoomChange = z.infer<typeof roomChange>;

/** A change with the room's version after it, as NATS, the log and clients carry it. */
export const versionedChange = z.object({ version: roomVersion, change: roomChange });
export type VersionedChange = z.infer<typeof versionedChange>;
