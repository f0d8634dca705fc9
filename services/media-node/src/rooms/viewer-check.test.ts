import type { Participant } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import type { RoomSessions } from './room-sessions.ts';
import { ViewerCheck, VIEWERS_CHECK_MS } from './viewer-check.ts';

function viewer(identity: string, epoch: number): Participant {
  return { identity, name: identity, sessionId: `ses_${identity}`, nodeId: 'n1', epoch, joinedAtMs: 1 };
}

function setUp(held: readonly Participant[]) {
  const clock = new FakeClock();
  const world = { stored: [...held], down: false, asked: 0, lacking: 0, compared: 0 };
  const sessions: Pick<RoomSessions, 'viewers' | 'onViewers'> = {
    viewers: held,
    onViewers: (asked, stored) => {
      world.compared++;
      return asked.length > stored.length;
    },
  };
  const check = new ViewerCheck({
    room: 'blue',
    sessions: sessions as RoomSessions,
    rooms: {
      viewers: async (_, identities = []) => {
        world.asked++;
        if (world.down) throw new Error('down');
        return world.stored.filter(({ identity }) => identities.includes(identity));
      },
    },
    ...{ clock, random: seededRandom(1), log: silentLogger },
    onLacking: () => world.lacking++,
  });
  return { clock, check, world };
}

it('viewers are compared with the store regularly, and missing ones are reported', async () => {
  const { clock, check, world } = setUp([viewer('vic', 5), viewer('val', 6)]);
  await clock.advance(2 * VIEWERS_CHECK_MS);
  expect(world.asked).toBeGreaterThanOrEqual(1);
  expect(world.lacking).toBe(0);
  world.stored.pop();
  await clock.advance(2 * VIEWERS_CHECK_MS);
  expect(world.lacking).toBeGreaterThanOrEqual(1);
  check[Symbol.dispose]();
  const { asked } = world;
  await clock.advance(5 * VIEWERS_CHECK_MS);
  expect(world.asked).toBe(asked);
});

it('a store that does not answer proves nothing', async () => {
  const { check, world } = setUp([viewer('vic', 5)]);
  world.down = true;
  await check.now();
  expect([world.asked, world.compared, world.lacking]).toEqual([1, 0, 0]);
});

it('a room without viewers reads none', async () => {
  const { clock, world } = setUp([]);
  await clock.advance(5 * VIEWERS_CHECK_MS);
  expect(world.asked).toBe(0);
});
