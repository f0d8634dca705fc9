import { describe, expect, it } from 'vitest';
import type { Room } from './room.ts';
import { fakeTrack } from '../testing/fake-engine.ts';
import { ClientHarness, joinAnswer, participant } from '../testing/client-harness.ts';

const snapshot = (version: number, viewers?: number): object => ({
  ...{ room: 'standup', version, participants: [participant('me')], tracks: [], viewers },
});

function counted(room: Room): number[] {
  const emitted: number[] = [];
  room.on('viewersChanged', ({ viewers }) => {
    expect(room.viewers).toBe(viewers);
    emitted.push(viewers);
  });
  return emitted;
}

describe('the number of viewers', () => {
  it('comes with the answer, events and snapshots, and emits only changes', async () => {
    const harness = new ClientHarness();
    harness.gateway.answers.set('join', () => ({ ...(joinAnswer() as object), room: snapshot(10, 7) }));
    const room = await harness.join();
    expect(room.viewers).toBe(7);
    const emitted = counted(room);
    for (const viewers of [8, 8, 9]) harness.gateway.event('viewersChanged', { viewers });
    harness.gateway.event('roomReplaced', snapshot(20, 5), 20);
    harness.gateway.event('roomReplaced', snapshot(21), 21);
    expect(emitted).toEqual([8, 9, 5]);
  });

  it('is 0 when the gateway does not send it', async () => {
    expect((await new ClientHarness().join()).viewers).toBe(0);
  });

  it('is restored after the loss of a gateway', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    const emitted = counted(room);
    harness.welcomeAll();
    harness.gateway.answers.set('resume', () => ({
      ...{ resumeToken: 'tok_next', state: { changes: [] } },
      viewers: 4,
    }));
    harness.gateway.drop();
    await harness.clock.advance(5000);
    expect(emitted).toEqual([4]);
  });
});

describe('a viewer', () => {
  it('joins with its role and cannot publish', async () => {
    const harness = new ClientHarness();
    const room = await harness.join({ role: 'viewer' });
    expect(harness.gateway.sent('join')[0]?.data).toMatchObject({ role: 'viewer' });
    expect(room.localParticipant.role).toBe('viewer');
    await expect(room.publish(fakeTrack('audio'), { source: 'microphone' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    expect(harness.gateway.sent('publish')).toEqual([]);
  });
});
