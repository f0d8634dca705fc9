import { z } from 'zod';
import { displayName, epoch, identity, metadata, opaqueId, roomName, roomVersion, text } from './fields.ts';
import { trackKinds, trackSources } from './track-kinds.ts';

/** `lost`: the socket of the participant's client was lost. It may come back, and leaves the room if it does not. */
export const participantConnections = ['connected', 'lost'] as const;
export type ParticipantConnection = (typeof participantConnections)[number];

/** A member of a room and where its media is. */
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

/** What a participant publishes. Its id outlives the transport that carries it. */
export const track = z.object({
  trackId: opaqueId,
  identity,
  /** The session that publishes it; a track of a lower epoch than its participant's is void. */
  epoch,
  nodeId: opaqueId,
  /** The router on that node; for other nodes, who pull from it. */
  routerId: text(64),
  kind: z.enum(trackKinds),
  source: z.enum(trackSources),
  name: displayName.optional(),
  muted: z.boolean(),
  /** Lower case, such as `video/vp8`. */
  mimeType: text(64),
  /** Simulcast encodings or SVC spatial layers; 1 for anything else. */
  spatialLayers: z.number().int().min(1).max(8),
  temporalLayers: z.number().int().min(1).max(8),
});
export type Track = z.infer<typeof track>;

/** Viewers in a room: no part of its versioned state. */
export const viewerCount = z.number().int().nonnegative();

/** Who views a room, as the cluster tells itself. */
export const viewership = z.object({
  viewers: viewerCount,
  /** Nodes that carry some of them. */
  nodeIds: z.array(opaqueId),
  /** Microseconds since 1970 at least, and raised by every change: of two, the higher one holds. */
  revision: z.number().int().nonnegative(),
});
export type Viewership = z.infer<typeof viewership>;

/** The whole state of a room at one version. */
export const roomSnapshot = z.object({
  room: roomName,
  version: roomVersion,
  participants: z.array(participant),
  tracks: z.array(track),
  /** Absent where it is not known. */
  viewers: viewerCount.optional(),
  /**
   * In messages to clients, where the state is too large for one: this is page 0 of so many. The others, of the same
   * version, are had with `roomPage`. Absent: this is all.
   */
  pages: z.number().int().min(2).optional(),
});
export type RoomSnapshot = z.infer<typeof roomSnapshot>;

/** One entry of a room's log. Each raises the version by exactly 1. */
export const roomChange = z.discriminatedUnion('type', [
  /** Joined, took over, or was placed again: replaces the entry and voids tracks of a lower epoch. */
  z.object({ type: z.literal('participantJoined'), participant }),
  /**
   * Placed again while its client stays: replaces the entry and keeps the tracks, which are in transit until they are
   * published again (same id, new epoch) or unpublished. Its metadata stays; clients are told without it.
   */
  z.object({ type: z.literal('participantMoved'), participant, reason: text(64) }),
  z.object({ type: z.literal('participantLeft'), identity, epoch, reason: text(64) }),
  /** The client's socket was lost, or it is back. */
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

/** A change with the version that the room has after it: what NATS, the log and clients carry. */
export const versionedChange = z.object({ version: roomVersion, change: roomChange });
export type VersionedChange = z.infer<typeof versionedChange>;
