import type { Participant } from '@skein/protocol';

/** The order of a room's participants: the first to come first. */
export function byArrival(one: Participant, other: Participant): number {
  return one.joinedAtMs - other.joinedAtMs || (one.identity < other.identity ? -1 : 1);
}
