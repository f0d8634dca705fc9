import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import { fakeWorker } from '../testing/fake-worker.ts';
import { WorkerMonitor } from './worker-monitor.ts';

const stopped = { state: 'stopped', cpuMs: 0 } as const;
const busy = { state: 'runs', cpuMs: 0 } as const;

function setUp() {
  const clock = new FakeClock();
  const worker = fakeWorker(100);
  const watch = new WorkerMonitor({ worker, clock, log: silentLogger });
  const ask = (): void => void watch.cpuMs().catch(() => {});
  return { clock, worker, watch, ask };
}

describe('a worker that is watched', () => {
  it('a worker that answers is not inspected', async () => {
    const { clock, worker, watch } = setUp();
    for (let second = 0; second < 5; second++) {
      expect(await watch.cpuMs()).toBe(0);
      await clock.advance(1000);
    }
    expect([worker.requests, worker.looks]).toEqual([5, 0]);
  });

  it('a hanging worker is killed once, and is suspect until it has died', async () => {
    const { clock, worker, watch, ask } = setUp();
    worker.hang(stopped);
    ask();
    await clock.advance(399);
    expect([watch.suspect, worker.ended]).toEqual([false, undefined]);
    await clock.advance(1);
    expect([watch.suspect, worker.requests, worker.ended]).toEqual([true, 2, undefined]);
    await clock.advance(200);
    expect([watch.suspect, worker.ended]).toEqual([true, 'killed']);
    ask();
    await clock.advance(60_000);
    expect(worker.looks).toBe(3);
  });

  it('a late answer ends the suspicion', async () => {
    const { clock, worker, watch, ask } = setUp();
    worker.hang(busy);
    ask();
    await clock.advance(900);
    expect(watch.suspect).toBe(true);
    worker.resume();
    await clock.advance(0);
    expect(watch.suspect).toBe(false);
    const { looks } = worker;
    await clock.advance(60_000);
    expect([worker.looks, worker.ended]).toEqual([looks, undefined]);
  });

  it('a worker that has died is not killed', async () => {
    const { clock, worker, watch, ask } = setUp();
    worker.hang(stopped);
    ask();
    await clock.advance(500);
    watch.close();
    await clock.advance(60_000);
    expect([worker.ended, watch.suspect]).toEqual([undefined, false]);
  });
});
