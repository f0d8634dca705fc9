import { SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, test } from 'vitest';
import { Leadership } from './leader-election.ts';

/** A lease whose next answers the test gives: a fence, `undefined` for another holder, an error. */
function leaseThat(answer: () => number | undefined | Error) {
  const released: string[] = [];
  return {
    released,
    hold: async (): Promise<number | undefined> => {
      const given = answer();
      if (given instanceof Error) throw given;
      return given;
    },
    release: async (holderId: string): Promise<void> => void released.push(holderId),
  };
}

async function leading(world: { answer: number | undefined | Error } = { answer: 7 }) {
  const clock = new FakeClock();
  const lease = leaseThat(() => world.answer);
  const leadership = new Leadership({ lease, clock, holderId: 'ctl_1', log: silentLogger });
  leadership.start();
  await clock.advance(0);
  return { world, clock, lease, leadership };
}

const away = SkeinError.unavailable('the store');

test('the holder may act, and confirms it at the store', async () => {
  const { leadership } = await leading();
  expect(leadership.leading).toBe(true);
  expect(await leadership.confirm()).toBe(7);
});

test('who does not hold the lease never acts', async () => {
  const { leadership } = await leading({ answer: undefined });
  expect(leadership.leading).toBe(false);
  expect(await leadership.confirm()).toBeUndefined();
});

test.each([
  ['another control holds the lease now', undefined],
  ['another one held it meanwhile: the fencing number has risen', 8],
  ['the store does not answer', away],
])('nothing is confirmed when %s', async (_, answer) => {
  const { world, leadership } = await leading();
  world.answer = answer;
  expect(await leadership.confirm()).toBeUndefined();
});

test('a lease that cannot be renewed ends before the store lets another one have it', async () => {
  const { world, clock, leadership } = await leading();
  world.answer = away;
  await clock.advance(2400);
  expect(leadership.leading).toBe(true);
  await clock.advance(200);
  expect(leadership.leading).toBe(false);
  world.answer = 9;
  await clock.advance(1000);
  expect(leadership.leading).toBe(true);
});

test('it is given back at the end, and not taken again', async () => {
  const { clock, lease, leadership } = await leading();
  await leadership.stop();
  await clock.advance(5000);
  expect(lease.released).toEqual(['ctl_1']);
  expect(leadership.leading).toBe(false);
});
