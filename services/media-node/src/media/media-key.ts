import type { Track } from '@skein/protocol';

/** One epoch of a track. During a move of its participant, two epochs of a track may be carried at once. */
export interface TrackEpoch {
  readonly trackId: string;
  readonly epoch: number;
}

/** Names one epoch of a track: it is published once, and crosses each pipe once. */
export type MediaKey = `${string}@${number}`;

export function mediaKey({ trackId, epoch }: TrackEpoch): MediaKey {
  return `${trackId}@${epoch}`;
}

/** The track and the epoch that a key names. */
export function trackEpochOf(key: MediaKey): TrackEpoch {
  const at = key.lastIndexOf('@');
  return { trackId: key.slice(0, at), epoch: Number(key.slice(at + 1)) };
}

/** The name in reports: the track's id alone for the epoch that the room's state shows, else with the epoch. */
export function reportedName(key: MediaKey, shown: ReadonlyMap<string, Track> | undefined): string {
  const { trackId, epoch } = trackEpochOf(key);
  return shown?.get(trackId)?.epoch === epoch ? trackId : key;
}
