import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { IceRecovery } from './ice-recovery.ts';

interface Recovery {
  readonly clock: FakeClock;
  readonly ice: IceRecovery;
  readonly restarts: string[];
  readonly told: boolean[];
  readonly lost: string[];
}

/** `answer`: of the node, to each restart. */
function recovery(answer: () => Promise<void> = () => Promise.resolve()): Recovery {
  const clock = new FakeClock();
  const restarts: string[] = [];
  const told: boolean[] = [];
  const lost: string[] = [];
  const ice = new IceRecovery(clock, (direction) => {
    restarts.push(direction);
    return answer();
  });
  ice.events.on('changed', ({ interrupted }) => told.push(interrupted));
  ice.events.on('lost', ({ direction }) => lost.push(direction));
  return { clock, ice, restarts, told, lost };
}

describe('recovery of ICE', () => {
  it('leaves a short interruption alone', async () => {
    const { clock, ice, restarts, told } = recovery();
    ice.handleState('recv', 'disconnected');
    await clock.advance(900);
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

  it('tells what no restart has helped, 3 s after the first one, and again as long as it is so', async () => {
    const { clock, ice, lost } = recovery();
    ice.handleState('recv', 'disconnected');
    await clock.advance(3900);
    expect(lost).toEqual([]);
    await clock.advance(200);
    expect(lost).toEqual(['recv']);
    await clock.advance(5000);
    expect(lost).toEqual(['recv', 'recv']);
  });

  it('counts as lost what does not connect at first, and shows no interruption until then', async () => {
    const { clock, ice, restarts, told, lost } = recovery();
    ice.handleState('send', 'connecting');
    ice.handleState('recv', 'connecting');
    await clock.advance(14_000);
    ice.handleState('send', 'connected');
    expect(told).toEqual([]);
    await clock.advance(4100);
    expect(restarts).toEqual(['recv']);
    expect(told).toEqual([true]);
    expect(lost).toEqual(['recv']);
  });

  it('tells of no loss when a restart has helped', async () => {
    const { clock, ice, lost } = recovery();
    ice.handleState('recv', 'failed');
    await clock.advance(2900);
    ice.handleState('recv', 'connected');
    await clock.advance(20_000);
    expect(lost).toEqual([]);
  });

  it('tells of no loss as long as nobody answers: then it is not only media that does not come through', async () => {
    const failing = recovery(() => Promise.reject(new Error('nobody answers')));
    failing.ice.handleState('send', 'failed');
    await failing.clock.advance(30_000);
    expect(failing.restarts.length).toBeGreaterThan(4);
    expect(failing.lost).toEqual([]);
    const waiting = recovery(() => new Promise(() => {}));
    waiting.ice.handleState('send', 'failed');
    await waiting.clock.advance(30_000);
    expect(waiting.lost).toEqual([]);
  });

  it('does nothing any more once the room is closed', async () => {
    const { clock, ice, restarts, lost } = recovery();
    ice.handleState('send', 'disconnected');
    ice[Symbol.dispose]();
    ice.handleState('send', 'failed');
    await clock.advance(60_000);
    expect([...restarts, ...lost]).toEqual([]);
  });
});
