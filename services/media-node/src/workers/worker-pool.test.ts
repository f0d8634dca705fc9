import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import { CapacityLedger } from '../capacity/ledger.ts';
import type { MediaEngine } from '../media/engine.ts';
import { PLENTY } from '../testing/cluster.ts';
import { WorkerPool } from './worker-pool.ts';
import { fakeWorker, type FakeWorker } from '../testing/fake-worker.ts';

function setUp(count = 1) {
  const clock = new FakeClock();
  const started: { port: number; worker: FakeWorker }[] = [];
  const engine: MediaEngine & { broken: boolean } = {
    broken: false,
    startWorker: async ({ rtcPort }) => {
      if (engine.broken) throw new Error('no such binary');
      const worker = fakeWorker(100 + started.length);
      started.push({ port: rtcPort, worker });
      return worker;
    },
  };
  const listen = { listen: [{ ip: '127.0.0.1', announced: [] }], rtcPort: 4000 };
  const backoff = { firstMs: 100, maxMs: 1000 };
  const pool = new WorkerPool({
    engine,
    count,
    listen,
    clock,
    random: seededRandom(1),
    log: silentLogger,
    ledger: () => new CapacityLedger('worker', PLENTY),
    backoff,
  });
  const die = (nth: number): void => started[nth]?.worker.die();
  return { clock, engine, pool, started, die };
}

describe('the workers of a node', () => {
  it('each worker has its own port', async () => {
    const { pool, started } = setUp(3);
    await pool.start();
    expect(started.map(({ port }) => port)).toEqual([4000, 4001, 4002]);
  });

  it('all workers stop when one fails to start', async () => {
    const { pool, engine } = setUp();
    engine.broken = true;
    await expect(pool.start()).rejects.toThrow('no such binary');
  });

  it('a dead worker is restarted on the same port, and counted', async () => {
    const { pool, started, die, clock } = setUp(2);
    await pool.start();
    const deaths: number[] = [];
    pool.events.on('died', ({ index }) => deaths.push(index));
    die(1);
    expect(deaths).toEqual([1]);
    await expect(pool.createRouter(1)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(started).toHaveLength(2);
    await clock.advance(120);
    expect(started).toHaveLength(3);
    expect(pool.slot(1)).toMatchObject({ pid: 102, restarts: 1 });
    expect(started[2]?.port).toBe(4001);
  });

  it('restarts back off with failures in a row, and reset after a healthy run', async () => {
    const { pool, engine, started, die, clock } = setUp();
    await pool.start();
    engine.broken = true;
    die(0);
    await clock.advance(120);
    engine.broken = false;
    // The first wait was 80-120 ms, the second is 160-240 ms.
    await clock.advance(30);
    expect(started).toHaveLength(1);
    await clock.advance(210);
    expect(started).toHaveLength(2);
    await clock.advance(60_000);
    die(1);
    await clock.advance(120);
    expect(started).toHaveLength(3);
  });

  it('closed workers stay closed', async () => {
    const { pool, started, die, clock } = setUp(2);
    await pool.start();
    die(0);
    pool.close();
    await clock.advance(60_000);
    expect(started).toHaveLength(2);
    expect(started[1]?.worker.ended).toBe('closed');
  });

  it('a hanging worker is killed and restarted, while the others are measured', async () => {
    const { pool, started, clock } = setUp(2);
    await pool.start();
    const deaths: number[] = [];
    pool.events.on('died', ({ index }) => deaths.push(index));
    started[0]?.worker.hang({ state: 'stopped', cpuMs: 0 });
    const hung = pool.cpuTime(0);
    hung.catch(() => {});
    expect(await pool.cpuTime(1)).toEqual({ pid: 101, cpuMs: 0 });
    await clock.advance(400);
    expect(pool.views(() => undefined, 2).map(({ suspect }) => suspect)).toEqual([true, false]);
    await clock.advance(200);
    expect([deaths, started[0]?.worker.ended, started[1]?.worker.ended]).toEqual([[0], 'killed', undefined]);
    expect(await pool.cpuTime(0)).toBeUndefined();
    await clock.advance(120);
    expect(pool.slot(0)).toMatchObject({ pid: 102, restarts: 1 });
    expect(pool.views(() => undefined, 2).map(({ suspect }) => suspect)).toEqual([false, false]);
  });

  it('a worker that owes an answer does not outlive the pool', async () => {
    const { pool, started, clock } = setUp();
    await pool.start();
    started[0]?.worker.hang({ state: 'runs', cpuMs: 0 });
    pool.cpuTime(0).catch(() => {});
    await clock.advance(400);
    pool.close();
    expect(started[0]?.worker.ended).toBe('killed');
  });
});
