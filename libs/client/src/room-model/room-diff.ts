import type { Participant, RoomState, Track } from '@skein/protocol';

/** One difference between two states of a room. */
export type RoomDifference =
  | { readonly type: 'trackGone'; readonly track: Track }
  | { readonly type: 'participantGone'; readonly participant: Participant }
  | { readonly type: 'participantNew'; readonly participant: Participant }
  | { readonly type: 'participantChanged'; readonly participant: Participant }
  | { readonly type: 'trackNew'; readonly track: Track }
  /** Same id: muted or unmuted, sent in other layers, or published from another session or node. */
  | { readonly type: 'trackChanged'; readonly before: Track; readonly track: Track };

/**
 * The differences from `before` to `after`, in an order in which the participant of every track is known: tracks and participants
 * that left, then new participants and tracks.
 */
export function diffRooms(before: RoomState, after: RoomState): RoomDifference[] {
  return [...tracksGone(before, after), ...participants(before, after), ...tracksHere(before, after)];
}

function* tracksGone(before: RoomState, after: RoomState): Iterable<RoomDifference> {
  if (before.tracks === after.tracks) return;
  for (const track of before.tracks.values()) {
    if (after.tracks.get(track.trackId)?.identity !== track.identity) yield { type: 'trackGone', track };
  }
}

function* participants(before: RoomState, after: RoomState): Iterable<RoomDifference> {
  if (before.participants === after.participants) return;
  for (const participant of before.participants.values()) {
    if (!after.participants.has(participant.identity)) yield { type: 'participantGone', participant };
  }
  for (const participant of after.participants.values()) {
    const known = before.participants.get(participant.identity);
    if (!known) yield { type: 'participantNew', participant };
    else if (known !== participant && !sameParticipant(known, participant))
      yield { type: 'participantChanged', participant };
  }
}

function* tracksHere(before: RoomState, after: RoomState): Iterable<RoomDifference> {
  if (before.tracks === after.tracks) return;
  for (const track of after.tracks.values()) {
    const known = before.tracks.get(track.trackId);
    if (known?.identity !== track.identity) yield { type: 'trackNew', track };
    else if (known !== track && !sameTrack(known, track))
      yield { type: 'trackChanged', before: known, track };
  }
}

function sameParticipant(one: Participant, other: Participant): boolean {
  return (
    one.sessionId === other.sessionId &&
    one.epoch === other.epoch &&
    one.nodeId === other.nodeId &&
    one.connection === other.connection &&
    one.name === other.name &&
    one.metadata === other.metadata
  );
}

function sameTrack(one: Track, other: Track): boolean {
  return (
    one.epoch === other.epoch &&
    one.nodeId === other.nodeId &&
    one.routerId === other.routerId &&
    one.muted === other.muted &&
    one.spatialLayers === other.spatialLayers &&
    one.temporalLayers === other.temporalLayers &&
    one.mimeType === other.mimeType
  );
}
