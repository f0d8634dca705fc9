import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { PeerError, type Joined } from '@skein/native-peer';
import { Executor } from './executor.ts';
import { Failures } from './failures.ts';
import type { RunPlan, Step } from './plan/plan.ts';

function join(atMs: number, peerId: string): Step {
  return { type: 'join', atMs, gateway: 1, peer: { peerId, room: 'r' } };
}

const urls = ['http://one', 'http://two', 'http://three'];

function setUp(
  steps: readonly Step[],
  joinAnswer: (peerId: string) => Promise<unknown> = async () => undefined,
) {
  const clock = new FakeClock();
  const done: string[] = [];
  const at = (what: string): void => void done.push(`${clock.monotonicMs() - startMs} ${what}`);
  const startMs = clock.monotonicMs();
  const hopeless: string[] = [];
  const ways: string[][] = [];
  const plan: RunPlan = { steps, joins: steps.filter(({ type }) => type === 'join').length, fullFromMs: 0 };
  const executor = new Executor({
    ...{ plan, clock, startMs, urls },
    fleet: {
      join: async ({ peerId, url, otherUrls = [] }) => {
        at(`join ${peerId}`);
        ways.push([url, ...otherUrls]);
        return (await joinAnswer(peerId)) as Joined;
      },
      leave: async (peerId, how) => at(`leave ${peerId} ${how}`),
      preferLayers: async (peerId, { spatialLayer }) => at(`layers ${peerId} ${spatialLayer}`),
    },
    injectFault: async ({ target }) => at(`fault ${target}`),
    onHopeless: (why) => hopeless.push(why),
  });
  return { clock, done, hopeless, ways, executor };
}

describe('an executor', () => {
  it('does each step at its time', async () => {
    const { clock, done, executor } = setUp([
      join(0, 'a'),
      { type: 'layers', atMs: 500, peerId: 'a', layers: { spatialLayer: 1 } },
      { type: 'fault', atMs: 800, fault: { at: 800, do: 'kill', target: 'nats', for: 0 } },
      { type: 'leave', atMs: 1000, peerId: 'a', how: 'vanish' },
    ]);
    const running = executor.run(new AbortController().signal);
    for (let step = 0; step < 20; step++) await clock.advance(100);
    await running;
    await executor.settle(0);
    expect(done).toEqual(['0 join a', '500 layers a 1', '800 fault nats', '1000 leave a vanish']);
    expect(executor).toMatchObject({ answered: 1, lateSteps: 0 });
  });

  it('gives each peer its gateway, and the others for when that one goes away', async () => {
    const { ways, executor } = setUp([join(0, 'a')]);
    await executor.run(new AbortController().signal);
    expect(ways).toEqual([['http://two', 'http://three', 'http://one']]);
  });

  it('lets nobody leave before their join has ended', async () => {
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => (answer = resolve));
    const steps: Step[] = [join(0, 'a'), { type: 'leave', atMs: 0, peerId: 'a', how: 'politely' }];
    const { done, executor } = setUp(steps, () => waiting);
    await executor.run(new AbortController().signal);
    expect(done).toEqual(['0 join a']);
    answer();
    await executor.settle(1000);
    expect(done).toEqual(['0 join a', '0 leave a politely']);
  });

  it('counts what fails, and says when nobody gets in', async () => {
    const refuse = () => Promise.reject(new PeerError('UNAUTHENTICATED', 'the token was refused'));
    const { executor, hopeless } = setUp([join(0, 'a'), join(0, 'b')], refuse);
    await executor.run(new AbortController().signal);
    await executor.settle(1000);
    expect(executor.failures.all).toEqual([
      { code: 'UNAUTHENTICATED', count: 2, message: 'the token was refused' },
    ]);
    expect(hopeless).toEqual(['nobody could join: UNAUTHENTICATED: the token was refused']);
  });

  it('does not give up because one of many could not join', async () => {
    const steps = ['a', 'b', 'c'].map((peerId) => join(0, peerId));
    const { executor, hopeless } = setUp(steps, async (peerId) => {
      if (peerId !== 'a') throw new PeerError('ROOM_FULL', 'full');
    });
    await executor.run(new AbortController().signal);
    await executor.settle(1000);
    expect(executor.answered).toBe(1);
    expect(hopeless).toEqual([]);
  });

  it('ends at once when aborted', async () => {
    const { executor, done } = setUp([join(0, 'a'), join(60_000, 'b')]);
    const over = new AbortController();
    const running = executor.run(over.signal);
    over.abort();
    await running;
    expect(done).toEqual(['0 join a']);
  });
});

it.each([
  ['GATEWAY_UNREACHABLE', 'connect EMFILE 127.0.0.1:80', 'OUT_OF_FILE_HANDLES'],
  ['GATEWAY_UNREACHABLE', 'connect EADDRNOTAVAIL 127.0.0.1:80', 'OUT_OF_PORTS'],
  ['ROOM_FULL', 'full', 'ROOM_FULL'],
])('tells %s: %s as %s', (code, message, told) => {
  expect(new Failures().add(new PeerError(code, message)).code).toBe(told);
});
