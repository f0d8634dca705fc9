import { SkeinError } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import { LeaderElection } from './leader-election.ts';

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

async function started(cluster: { answer: number | undefined | Error } = { answer: 7 }) {
  const clock = new FakeClock();
  const lease = leaseThat(() => cluster.answer);
  const election = new LeaderElection({ lease, clock, holderId: 'ctl_1', log: silentLogger });
  election.start();
  await clock.advance(0);
  return { cluster, clock, lease, election };
}

const away = SkeinError.unavailable('the store');

it('the holder may act, and confirms it at the store', async () => {
  const { election } = await started();
  expect(election.isLeader).toBe(true);
  expect(await election.confirm()).toBe(7);
});

it('who does not hold the lease never acts', async () => {
  const { election } = await started({ answer: undefined });
  expect(election.isLeader).toBe(false);
  expect(await election.confirm()).toBeUndefined();
});

it.each([
  ['another control holds the lease now', undefined],
  ['another one held it meanwhile: the fencing number has risen', 8],
  ['the store does not answer', away],
])('nothing is confirmed when %s', async (_, answer) => {
  const { cluster, election } = await started();
  cluster.answer = answer;
  expect(await election.confirm()).toBeUndefined();
});

it('a lease that cannot be renewed ends before the store lets another one have it', async () => {
  const { cluster, clock, election } = await started();
  cluster.answer = away;
  await clock.advance(2400);
  expect(election.isLeader).toBe(true);
  await clock.advance(200);
  expect(election.isLeader).toBe(false);
  cluster.answer = 9;
  await clock.advance(1000);
  expect(election.isLeader).toBe(true);
});

it('is given back at the end, and not taken again', async () => {
  const { clock, lease, election } = await started();
  await election.stop();
  await clock.advance(5000);
  expect(lease.released).toEqual(['ctl_1']);
  expect(election.isLeader).toBe(false);
});
