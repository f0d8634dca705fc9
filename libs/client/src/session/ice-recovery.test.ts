import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { IceRecovery } from './ice-recovery.ts';

interface Recovery {
  readonly clock: FakeClock;
  readonly ice: IceRecovery;
  readonly restarts: string[];
  readonly interruptions: boolean[];
  readonly lost: string[];
}

/** `answer`: of the node, to each restart. */
function recovery(answer: () => Promise<void> = () => Promise.resolve()): Recovery {
  const clock = new FakeClock();
  const restarts: string[] = [];
  const interruptions: boolean[] = [];
  const lost: string[] = [];
  const ice = new IceRecovery(clock, (direction) => {
    restarts.push(direction);
    return answer();
  });
  ice.events.on('changed', ({ interrupted }) => interruptions.push(interrupted));
  ice.events.on('lost', ({ direction }) => lost.push(direction));
  return { clock, ice, restarts, interruptions, lost };
}

describe('IceRecovery', () => {
  it('does not restart after a short interruption', async () => {
    const { clock, ice, restarts, interruptions } = recovery();
    ice.handleState('recv', 'disconnected');
    await clock.advance(900);
    ice.handleState('recv', 'connected');
    await clock.advance(20_000);
    expect(restarts).toEqual([]);
    expect(interruptions).toEqual([true, false]);
  });

  it('restarts a transport that stays disconnected until it is connected', async () => {
    const { clock, ice, restarts } = recovery();
    ice.handleState('send', 'disconnected');
    await clock.advance(2000);
    ice.handleState('send', 'failed');
    await clock.advance(5000);
    ice.handleState('send', 'connected');
    await clock.advance(20_000);
    expect(restarts).toEqual(['send', 'send', 'send']);
  });

  it('reports one interruption for both directions', async () => {
    const { clock, ice, interruptions } = recovery();
    ice.handleState('send', 'failed');
    ice.handleState('recv', 'failed');
    await clock.advance(10);
    ice.handleState('send', 'connected');
    ice.handleState('recv', 'connected');
    expect(interruptions).toEqual([true, false]);
  });

  it('reports a loss 3 s after an answered restart, and again while it persists', async () => {
    const { clock, ice, lost } = recovery();
    ice.handleState('recv', 'disconnected');
    await clock.advance(3900);
    expect(lost).toEqual([]);
    await clock.advance(200);
    expect(lost).toEqual(['recv']);
    await clock.advance(5000);
    expect(lost).toEqual(['recv', 'recv']);
  });

  it('treats a first connection after 15 s as lost, without an interruption before', async () => {
    const { clock, ice, restarts, interruptions, lost } = recovery();
    ice.handleState('send', 'connecting');
    ice.handleState('recv', 'connecting');
    await clock.advance(14_000);
    ice.handleState('send', 'connected');
    expect(interruptions).toEqual([]);
    await clock.advance(4100);
    expect(restarts).toEqual(['recv']);
    expect(interruptions).toEqual([true]);
    expect(lost).toEqual(['recv']);
  });

  it('reports no loss when a restart has helped', async () => {
    const { clock, ice, lost } = recovery();
    ice.handleState('recv', 'failed');
    await clock.advance(2900);
    ice.handleState('recv', 'connected');
    await clock.advance(20_000);
    expect(lost).toEqual([]);
  });

  it('reports no loss while signaling does not answer either', async () => {
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

  it('does nothing after the room has closed', async () => {
    const { clock, ice, restarts, lost } = recovery();
    ice.handleState('send', 'disconnected');
    ice[Symbol.dispose]();
    ice.handleState('send', 'failed');
    await clock.advance(60_000);
    expect([...restarts, ...lost]).toEqual([]);
  });
});
