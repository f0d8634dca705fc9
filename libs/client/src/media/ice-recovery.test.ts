import { FakeClock } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { IceRecovery } from './ice-recovery.ts';

function recovery(): { clock: FakeClock; ice: IceRecovery; restarts: string[]; told: boolean[] } {
  const clock = new FakeClock();
  const restarts: string[] = [];
  const told: boolean[] = [];
  const ice = new IceRecovery(clock, async (direction) => void restarts.push(direction));
  ice.events.on('changed', ({ interrupted }) => told.push(interrupted));
  return { clock, ice, restarts, told };
}

describe('recovery of ICE', () => {
  it('leaves a short interruption alone', async () => {
    const { clock, ice, restarts, told } = recovery();
    ice.handleState('recv', 'disconnected');
    await clock.advance(1500);
    ice.handleState('recv', 'connected');
    await clock.advance(20_000);
    expect(restarts).toEqual([]);
    expect(told).toEqual([true, false]);
  });

  it('restarts what stays disconnected, and again until it is connected', async () => {
    const { clock, ice, restarts } = recovery();
    ice.handleState('send', 'disconnected');
    await clock.advance(2000);
    ice.handleState('send', 'failed');
    await clock.advance(5000);
    ice.handleState('send', 'connected');
    await clock.advance(20_000);
    expect(restarts).toEqual(['send', 'send', 'send']);
  });

  it('tells one interruption for both directions', async () => {
    const { clock, ice, told } = recovery();
    ice.handleState('send', 'failed');
    ice.handleState('recv', 'failed');
    await clock.advance(10);
    ice.handleState('send', 'connected');
    ice.handleState('recv', 'connected');
    expect(told).toEqual([true, false]);
  });

  it('does nothing any more once the room is closed', async () => {
    const { clock, ice, restarts } = recovery();
    ice.handleState('send', 'disconnected');
    ice[Symbol.dispose]();
    ice.handleState('send', 'failed');
    await clock.advance(60_000);
    expect(restarts).toEqual([]);
  });
});
