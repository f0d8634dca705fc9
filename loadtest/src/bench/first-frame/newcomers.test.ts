import { seededRandom } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { newcomersOf, nodeOf, places } from './newcomers.ts';

describe('newcomers', () => {
  const plan = { rooms: 10, rounds: 3, everyMs: 600 };
  const newcomers = newcomersOf(plan, seededRandom(1));

  it('come to each room at each place, and as many to each place', () => {
    const visits = new Set(newcomers.map(({ room, place }) => `${room} ${place}`));
    expect(visits.size).toBe(plan.rooms * places.length);
    expect(newcomers).toHaveLength(plan.rooms * plan.rounds);
  });

  it('come one after the other, and to one room not before all the others', () => {
    for (const [index, { atMs, room }] of newcomers.entries()) {
      const before = newcomers.slice(0, index);
      expect(atMs).toBeGreaterThan(before.at(-1)?.atMs ?? -1);
      const lastMs = before.findLast((one) => one.room === room)?.atMs ?? -Infinity;
      expect(atMs - lastMs).toBeGreaterThan((plan.rooms - 1) * plan.everyMs);
    }
  });

  it('are the same with the same seed', () => {
    expect(newcomersOf(plan, seededRandom(1))).toEqual(newcomers);
    expect(newcomersOf(plan, seededRandom(2))).not.toEqual(newcomers);
  });
});

it('has each place of a room on a node of its own', () => {
  for (const room of [0, 1, 2, 7])
    expect(new Set(places.map((place) => nodeOf(['a', 'b', 'c'], room, place))).size).toBe(3);
});
