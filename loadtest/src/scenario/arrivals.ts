import type { Random } from '@skein/runtime';
import { randomOf } from './chance.ts';
import type { Group } from './schema.ts';

/**
 * When each peer of a group joins, in whole ms since the start, in order. The rooms fill alike: peer n is in room n modulo the number
 * of rooms. The same seed draws the same times.
 */
export function joinTimes({ name, rooms, peersPerRoom, join }: Group, seed: number): number[] {
  const random = randomOf(seed, name);
  const count = rooms * peersPerRoom;
  const gapMs = join.rate === undefined ? (join.over ?? 0) / count : 1000 / join.rate;
  const times = join.arrivals === 'even' ? even(count, gapMs) : randomly(count, gapMs, join.over, random);
  return times.map((atMs) => Math.floor(join.after + atMs));
}

function even(count: number, gapMs: number): number[] {
  return Array.from({ length: count }, (_, index) => index * gapMs);
}

/** With a rate: exponential gaps. Within a time: each at its own moment of it. */
function randomly(count: number, gapMs: number, overMs: number | undefined, random: Random): number[] {
  if (overMs !== undefined) {
    return Array.from({ length: count }, () => random() * overMs).sort((one, other) => one - other);
  }
  let atMs = 0;
  return Array.from({ length: count }, () => (atMs += -Math.log(1 - random()) * gapMs));
}
