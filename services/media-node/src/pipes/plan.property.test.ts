import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { step, World } from './test-world.ts';

describe('whatever happens in whatever order', () => {
  test('there is never a second pipe for a pair nor a second copy of a track, and every need is met in the end', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
        const world = new World();
        for (const event of steps) world.apply(event);
        world.comeToRest();
        for (const [media, needing] of world.needs) {
          const origin = world.tracks.get(media);
          if (!origin || (origin.nodeId === 'here' && !world.live.has(origin.routerId))) continue;
          for (const router of needing) {
            if (!world.live.has(router) || router === origin.routerId) continue;
            expect(world.wayTo(media, router), `${media} at ${router}`).toEqual(origin);
          }
        }
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
        expect([...world.pipes.keys(), ...world.hops.keys()]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});
