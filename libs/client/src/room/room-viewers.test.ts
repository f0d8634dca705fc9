import { describe, expect, it } from 'vitest';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { Bench, joinAnswer, participant } from '../testing/client-harness.ts';

const snapshot = (version: number, viewers?: number): object => ({
  ...{ room: 'standup', version, participants: [participant('me')], tracks: [], viewers },
});

function counted(room: Room): number[] {
  const told: number[] = [];
  room.on('viewersChanged', ({ viewers }) => {
    expect(room.viewers).toBe(viewers);
    told.push(viewers);
  });
  return told;
}

describe('the number of viewers', () => {
  it('comes with the answer, with events and with whole states, and is told when it has changed', async () => {
    const bench = new Bench();
    bench.gateway.answers.set('join', () => ({ ...(joinAnswer() as object), room: snapshot(10, 7) }));
    const room = await bench.join();
    expect(room.viewers).toBe(7);
    const told = counted(room);
    for (const viewers of [8, 8, 9]) bench.gateway.event('viewersChanged', { viewers });
    bench.gateway.event('roomReplaced', snapshot(20, 5), 20);
    bench.gateway.event('roomReplaced', snapshot(21), 21);
    expect(told).toEqual([8, 9, 5]);
  });

  it('is none with a gateway that says nothing of it', async () => {
    expect((await new Bench().join()).viewers).toBe(0);
  });

  it('is there again after a lost gateway', async () => {
    const bench = new Bench();
    const room = await bench.join();
    const told = counted(room);
    bench.welcomeAll();
    bench.gateway.answers.set('resume', () => ({
      ...{ resumeToken: 'tok_next', state: { changes: [] } },
      viewers: 4,
    }));
    bench.gateway.drop();
    await bench.clock.advance(5000);
    expect(told).toEqual([4]);
  });
});

describe('a viewer', () => {
  it('says so when it joins, and publishes nothing', async () => {
    const bench = new Bench();
    const room = await bench.join({ role: 'viewer' });
    expect(bench.gateway.sent('join')[0]?.data).toMatchObject({ role: 'viewer' });
    expect(room.localParticipant.role).toBe('viewer');
    await expect(room.publish(fakeTrack('audio'), { source: 'microphone' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(bench.gateway.sent('publish')).toEqual([]);
  });
});
