import { FakeClock } from '@skein/runtime/testing';
import { expect, it } from 'vitest';
import { Breaker } from './breaker.ts';

interface Probe {
  readonly answer: () => void;
  readonly fail: () => void;
}

function aBreaker() {
  const clock = new FakeClock();
  const probes: Probe[] = [];
  let closings = 0;
  const breaker = new Breaker({
    ...{ clock, random: () => 0.5 },
    probe: () =>
      new Promise((resolve, reject) => {
        probes.push({ answer: () => resolve(undefined), fail: () => reject(new Error('no answer')) });
      }),
    onClosed: () => closings++,
  });
  return { clock, probes, breaker, closings: () => closings };
}

it('a breaker opens with the first unanswered call and closes with the first answered probe', async () => {
  const { clock, probes, breaker, closings } = aBreaker();
  expect(breaker.open).toBe(false);
  breaker.trip();
  breaker.trip();
  expect([breaker.open, probes.length]).toEqual([true, 1]);
  probes[0]?.fail();
  await clock.advance(0);
  await clock.advance(149);
  expect(probes).toHaveLength(1);
  await clock.advance(1);
  expect(probes).toHaveLength(2);
  probes[1]?.answer();
  await clock.advance(0);
  expect([breaker.open, closings()]).toEqual([false, 1]);
  await clock.advance(10_000);
  expect(probes).toHaveLength(2);
});

it('never has two probes on their way, however long one takes', async () => {
  const { clock, probes, breaker } = aBreaker();
  breaker.trip();
  await clock.advance(60_000);
  expect(probes).toHaveLength(1);
});

it('knows nothing any more of a probe from before a reset', async () => {
  const { clock, probes, breaker, closings } = aBreaker();
  breaker.trip();
  breaker.reset();
  breaker.trip();
  probes[0]?.answer();
  await clock.advance(0);
  expect([breaker.open, closings()]).toEqual([true, 0]);
  probes[1]?.fail();
  breaker.reset();
  await clock.advance(1000);
  expect([breaker.open, probes.length]).toEqual([false, 2]);
});
