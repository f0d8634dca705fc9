import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step, World } from './test-world.ts';

/** Every need that can be met is met, straight or through a relay. */
function expectAllMet(world: World): void {
  for (const [media, needing] of world.needs) {
    const origin = world.tracks.get(media);
    if (!origin || (origin.nodeId === 'here' && !world.live.has(origin.routerId))) continue;
    for (const router of needing) {
      if (!world.live.has(router) || router === origin.routerId) continue;
      expect(world.wayTo(media, router), `${media} at ${router}`).toEqual(origin);
    }
  }
}

describe('whatever happens in whatever order', () => {
  test('there is never a second pipe for a pair nor a second copy of a track, and every need is met in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        for (const event of steps) world.apply(event);
        world.comeToRest();
        expectAllMet(world);
        const indirect = [...world.hops.values()].filter(({ relayFrom }) => relayFrom);
        expect([...world.relays.keys(), ...indirect], 'healed ways are used again').toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('nothing is left when nothing is needed any more', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        for (const event of steps) world.apply(event);
        world.needs.clear();
        world.comeToRest();
        expect([...world.pipes.keys(), ...world.hops.keys(), ...world.relays.keys()]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('every need is met through a relay while a way stays closed', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        for (const event of steps) world.apply(event);
        world.closed.clear();
        world.relayed.clear();
        world.closed.add('there');
        world.pass(60_000);
        expectAllMet(world);
      }),
      { numRuns: 300 },
    );
  });
});
