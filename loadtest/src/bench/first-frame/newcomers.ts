import type { Random } from '@skein/runtime';

/**
 * Where a newcomer comes to be: on the publisher's node, on another one that carries the track for somebody else already,
 * or on one that has nobody of the room, and must have the track sent to it first.
 */
export const places = ['sameNode', 'carried', 'opened'] as const;
export type Place = (typeof places)[number];

export interface Newcomer {
  /** From the first one's time on. */
  readonly atMs: number;
  readonly room: number;
  readonly place: Place;
  /** A browser is not as fast with ICE and DTLS as a native peer on the same machine: none takes the same time as others. */
  readonly connectDelayMs: number;
}

/** Chromium shows a first picture some 120 ms after a join when nobody has to wait for a key frame. */
export const MAX_CONNECT_DELAY_MS = 200;

export interface NewcomersPlan {
  /** Visited one after the other, so that none is troubled by the join before. */
  readonly rooms: number;
  /** How often each is visited, each time at another place. */
  readonly rounds: number;
  readonly everyMs: number;
}

/** One newcomer after the other, at times that differ from an even pace by less than half of it. */
export function newcomersOf({ rooms, rounds, everyMs }: NewcomersPlan, random: Random): Newcomer[] {
  return Array.from({ length: rooms * rounds }, (_, index) => {
    const room = index % rooms;
    const round = Math.floor(index / rooms);
    const place = places[(room + round) % places.length] ?? 'sameNode';
    const atMs = (index + random() / 2) * everyMs;
    return { atMs, room, place, connectDelayMs: random() * MAX_CONNECT_DELAY_MS };
  });
}

/** The node of `nodes` for a newcomer of a room: the publisher is on the room's first, who watches already on its second. */
export function nodeOf<Node>(nodes: readonly Node[], room: number, place: Place): Node {
  const node = nodes[(room + places.indexOf(place)) % nodes.length];
  if (node === undefined) throw new RangeError('there is no node');
  return node;
}
