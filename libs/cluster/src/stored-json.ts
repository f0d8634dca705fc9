import type { Participant, RoomChange, Track } from '@skein/protocol';
import type { PlaceRequest } from './room-store.ts';

/** What the scripts store is JSON; these are the parts of it that are made here. */
export function changeJson(change: RoomChange): string {
  return JSON.stringify(change);
}

/**
 * The same track gives the same text, whatever the order of its fields: that is how a repeated call is known. `muted`
 * comes last, where the script changes it.
 */
export function trackJson({ muted, ...rest }: Track): string {
  const sorted = Object.entries(rest).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return JSON.stringify({ ...Object.fromEntries(sorted), muted });
}

/** The member up to what the script adds: node, epoch and time. */
export function memberOpening({ identity, name, metadata, sessionId }: PlaceRequest): string {
  return JSON.stringify({ identity, name, metadata, sessionId }).slice(0, -1);
}

/** A whole member, in the order in which the scripts write it. */
export function memberJson(member: Participant): string {
  const { identity, name, metadata, sessionId, nodeId, epoch, joinedAtMs } = member;
  return JSON.stringify({ identity, name, metadata, sessionId, nodeId, epoch, joinedAtMs });
}
