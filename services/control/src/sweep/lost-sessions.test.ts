import { SkeinError, type NodeRecord, type Participant } from '@skein/protocol';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { expect, it } from 'vitest';
import { LOST_AFTER_MS, LostSessions } from './lost-sessions.ts';
import { NodeWatch } from '../nodes/node-watch.ts';

/** By the store's clock, which is none of control's. */
const storeTimeMs = 1_800_000_000_000;

function member(identity: string, nodeId: string, placedAgoMs = 0): Participant {
  const epoch = (storeTimeMs - placedAgoMs) * 1000;
  return { identity, name: identity, nodeId, sessionId: `ses_${identity}`, epoch, joinedAtMs: 0 };
}

/** One node, `n1`, that holds these sessions of these rooms. */
function cluster(
  held: Record<string, string[]> | 'no answer',
  { startedAgoMs = 3_600_000, wallClockJumpMs = 0 } = {},
) {
  const clock = new FakeClock();
  const watch = new NodeWatch();
  const record: NodeRecord = {
    ...{ nodeId: 'n1', region: 'eu', state: 'ready', grpcAddress: 'n1:7100', workers: 1, version: '0.1.0' },
    ...{ startedAtMs: 1, beat: 1 },
    load: { packetsPerSecond: 0, busiestWorkerCpu: 0, sessions: 0, used: 0 },
  };
  const fence = (storeTimeMs - startedAgoMs) * 1000;
  const lease = { fence, leaseAgeMs: 100, renewedAtMs: storeTimeMs - 100 };
  watch.leasesRead([{ record, ...lease }], clock.monotonicMs());
  clock.jumpWallClock(wallClockJumpMs);
  const asked: number[] = [];
  const answer = () => {
    if (held === 'no answer') throw SkeinError.unavailable('the node');
    return held;
  };
  const node = {
    listRooms: async () => ({ rooms: Object.keys(answer()) }),
    findSessions: async ({ sessionIds }: { sessionIds: string[] }) => {
      asked.push(sessionIds.length);
      const held = Object.values(answer()).flat();
      return { sessionIds: sessionIds.filter((id) => held.includes(id)) };
    },
  };
  const lost = new LostSessions({ watch, nodeAt: () => node, clock, log: silentLogger });
  const lostIn = async (...participants: Participant[]): Promise<string[]> => {
    lost.beginSweep();
    await lost.lostOf('lobby', participants);
    await clock.advance(LOST_AFTER_MS);
    lost.beginSweep();
    return (await lost.lostOf('lobby', participants)).map(({ identity }) => identity);
  };
  return { lost, lostIn, clock, asked };
}

it('a participant whose room its node does not carry has lost its session', async () => {
  expect(await cluster({}).lostIn(member('ann', 'n1', 3_000_000))).toEqual(['ann']);
});

it('a participant placed before a restart of its node has lost its session', async () => {
  const { lostIn } = cluster({ lobby: ['ses_bob'] }, { startedAgoMs: 600_000 });
  expect(await lostIn(member('ann', 'n1', 700_000), member('bob', 'n1', 500_000))).toEqual(['ann']);
});

it('a participant that was placed lately and never opened has lost its session', async () => {
  const { lostIn } = cluster({ lobby: ['ses_bob'] });
  expect(await lostIn(member('ann', 'n1'), member('bob', 'n1'))).toEqual(['ann']);
});

it('a room of long ago that its node carries is not asked for again and again', async () => {
  const { lostIn, asked } = cluster({ lobby: ['ses_ann'] });
  expect(await lostIn(member('ann', 'n1', 1_000_000))).toEqual([]);
  expect(asked).toEqual([]);
});

it('after a store fallback, participants without a session are found in rooms of any age', async () => {
  const { lost, lostIn } = cluster({ lobby: ['ses_ann'] });
  lost.recheckAll();
  expect(await lostIn(member('ann', 'n1', 1_000_000), member('bob', 'n1', 1_000_000))).toEqual(['bob']);
});

it('a room of any size is asked for in requests of a bounded size', async () => {
  const people = Array.from({ length: 2500 }, (_, who) => member(`p${who}`, 'n1'));
  const { lostIn, asked } = cluster({ lobby: people.slice(1).map(({ sessionId }) => sessionId) });
  expect(await lostIn(...people)).toEqual(['p0']);
  expect(asked).toEqual([1000, 1000, 500, 1000, 1000, 500]);
});

it('nothing is lost by the word of a node that does not answer, or that is not known', async () => {
  expect(await cluster('no answer').lostIn(member('ann', 'n1'))).toEqual([]);
  expect(await cluster({}).lostIn(member('ann', 'n2'))).toEqual([]);
});

it('a session that is missing for a moment is not lost', async () => {
  const held: Record<string, string[]> = {};
  const { lost, clock } = cluster(held);
  const look = async (): Promise<number> => {
    lost.beginSweep();
    return (await lost.lostOf('lobby', [member('ann', 'n1')])).length;
  };
  expect(await look()).toBe(0);
  await clock.advance(LOST_AFTER_MS - 1);
  expect(await look()).toBe(0);
  held['lobby'] = ['ses_ann'];
  expect(await look()).toBe(0);
  delete held['lobby'];
  await clock.advance(1000);
  expect(await look()).toBe(0);
});

it.each([-86_400_000, 86_400_000])(
  'the age of a placement follows the store’s clock when the wall clock is off by %d ms',
  async (wallClockJumpMs) => {
    const lately = cluster({ lobby: ['ses_bob'] }, { wallClockJumpMs });
    expect(await lately.lostIn(member('ann', 'n1'), member('bob', 'n1'))).toEqual(['ann']);
    const longAgo = cluster({ lobby: ['ses_bob'] }, { wallClockJumpMs });
    expect(await longAgo.lostIn(member('ann', 'n1', 1_000_000))).toEqual([]);
  },
);
