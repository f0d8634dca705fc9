import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { step, track } from '../../testing/pipe-plan-steps.ts';
import { World } from '../../testing/pipe-plan-world.ts';

/** Every need that can be met is met, straight or through a relay. */
function expectAllMet(world: World): void {
  for (const [media, needing] of world.demand) {
    const origin = world.tracks.get(media);
    if (!origin || (origin.nodeId === 'here' && !world.live.has(origin.routerId))) continue;
    for (const router of needing) {
      if (!world.live.has(router) || router === origin.routerId) continue;
      expect(world.wayTo(media, router), `${media} at ${router}`).toEqual(origin);
    }
  }
}

/** No relay is used or known any more. */
function expectStraight(world: World): void {
  const indirect = [...world.hops.values()].filter(({ relayFrom }) => relayFrom);
  expect([...world.relays.keys(), ...indirect], 'healed ways are used again').toEqual([]);
}

const steps = fc.array(step, { maxLength: 60, size: 'max' });

describe('whatever happens in whatever order', () => {
  it('one pipe per pair, one copy per track, and all demand is met in the end', () => {
    fc.assert(
      fc.property(steps, (events) => {
        const world = new World();
        for (const event of events) world.apply(event);
        world.comeToRest();
        expectAllMet(world);
        expectStraight(world);
      }),
      { numRuns: 500 },
    );
  });

  it('nothing is left when there is no demand any more', () => {
    fc.assert(
      fc.property(steps, (events) => {
        const world = new World();
        for (const event of events) world.apply(event);
        world.demand.clear();
        world.comeToRest();
        expect([...world.pipes.keys(), ...world.hops.keys(), ...world.relays.keys()]).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('demand is met through a relay while paths are down, and directly afterwards', () => {
    fc.assert(
      fc.property(steps, track, steps, (before, relayed, afterwards) => {
        const world = new World();
        for (const event of before) world.apply(event);
        world.relayed.clear();
        // One of these is a relay for the other, until that is found out.
        world.closed.add('there').add('far');
        world.pass(60_000);
        expectAllMet(world);
        world.apply({ type: 'relayed', track: relayed, on: true });
        for (const event of afterwards) world.apply(event);
        world.comeToRest();
        expectAllMet(world);
        expectStraight(world);
      }),
      { numRuns: 300 },
    );
  });

  it('demand is met at the fan-out limit, through a relay or directly', () => {
    fc.assert(
      fc.property(steps, (before) => {
        const world = new World();
        for (const event of before) world.apply(event);
        world.relayed.clear();
        world.closed.clear();
        world.atFanOutLimit.add('there').add('far');
        world.pass(60_000);
        expectAllMet(world);
        world.comeToRest();
        expectAllMet(world);
        expectStraight(world);
      }),
      { numRuns: 300 },
    );
  });
});
