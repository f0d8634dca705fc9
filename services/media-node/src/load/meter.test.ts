import { FakeClock } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, test } from 'vitest';
import type { WorkerPool } from '../workers/pool.ts';
import { LoadMeter, type PacketCounter } from './meter.ts';
import { usedShare } from './used.ts';

function setUp(
  counters: PacketCounter[],
  cpuTime?: (index: number) => Promise<{ pid: number; cpuMs: number }>,
) {
  const clock = new FakeClock();
  const worker = { pid: 1, cpuMs: 0 };
  const slot = { index: 0, cpu: 0, sessions: 0, sessionsMeasured: 0 };
  const slots = [slot, { ...slot, index: 1 }];
  const pool = {
    slots: cpuTime ? slots : [slot],
    slot: (index: number) => slots[index],
    cpuTime: cpuTime ?? (async () => ({ ...worker })),
  } as unknown as WorkerPool;
  const limits = { packetsPerSecond: 1000 };
  const shared = { clock, log: silentLogger, limits, sessions: () => 2, counters: () => counters };
  return { clock, worker, slot, meter: new LoadMeter({ ...shared, pool }) };
}

describe('the load of a node', () => {
  test('is the share of a core of its busiest worker, and its packets per second', async () => {
    const counted = { packets: 0 };
    const { clock, worker, meter } = setUp([{ packets: async () => counted.packets }]);
    await meter.sample();
    await clock.advance(1000);
    worker.cpuMs = 250;
    counted.packets = 400;
    await meter.sample();
    expect(meter.load).toEqual({ busiestWorkerCpu: 0.25, packetsPerSecond: 400, sessions: 2, used: 0.4 });
  });

  test('of a worker is told with the sessions that are in it, without those who came later', async () => {
    const { clock, slot, meter } = setUp([]);
    await meter.sample();
    slot.sessions = 3;
    await clock.advance(1000);
    await meter.sample();
    slot.sessions = 7;
    expect(slot.sessionsMeasured).toBe(3);
  });

  test('of a worker that was started again begins anew', async () => {
    const { clock, worker, meter } = setUp([]);
    worker.cpuMs = 90_000;
    await meter.sample();
    await clock.advance(1000);
    Object.assign(worker, { pid: 2, cpuMs: 10 });
    await meter.sample();
    expect(meter.load.busiestWorkerCpu).toBe(0);
  });

  test('asks so many counters a second and no more, each in its turn', async () => {
    const asked = Array.from({ length: 150 }, () => 0);
    const { meter } = setUp(
      asked.map((_, at) => ({ packets: async () => (asked[at] = (asked[at] ?? 0) + 1) })),
    );
    await meter.sample();
    expect(asked.filter((times) => times === 1)).toHaveLength(16);
    for (let more = 0; more < 9; more++) await meter.sample();
    expect(Math.min(...asked)).toBe(1);
  });

  test('counts packets of whom it has not asked yet like those of the others', async () => {
    const counted = { packets: 0 };
    const counters = [{ packets: async () => counted.packets }];
    const { clock, meter } = setUp(counters);
    await meter.sample();
    await clock.advance(1000);
    counted.packets = 50;
    counters.push({ packets: async () => 0 });
    await meter.sample();
    expect(meter.load.packetsPerSecond).toBe(100);
  });

  test('goes on when a worker or a counter does not answer', async () => {
    const { meter } = setUp([{ packets: () => Promise.reject(new Error('closed')) }]);
    await meter.sample();
    expect(meter.load.packetsPerSecond).toBe(0);
  });

  test('goes on to be measured while a worker and what is on it answer nothing, and asks that worker nothing more', async () => {
    const never = new Promise<never>(() => {});
    const other = { pid: 2, cpuMs: 0, packets: 0 };
    let askedHung = 0;
    const { clock, meter } = setUp(
      [{ packets: () => never }, { packets: async () => other.packets }],
      (index) => (index === 0 ? (askedHung++, never) : Promise.resolve({ ...other })),
    );
    for (let second = 0; second < 3; second++) {
      other.cpuMs += 400;
      other.packets += 50;
      const sampled = meter.sample();
      await clock.advance(500);
      await sampled;
      await clock.advance(500);
    }
    expect(meter.load).toMatchObject({ busiestWorkerCpu: 0.4, packetsPerSecond: 100 });
    expect(askedHung).toBe(1);
  });

  test.each([
    [{ busiestWorkerCpu: 0.3, packetsPerSecond: 500 }, 0.5],
    [{ busiestWorkerCpu: 0.8, packetsPerSecond: 500 }, 0.8],
    [{ busiestWorkerCpu: 0, packetsPerSecond: 2000 }, 2],
  ])('%j uses %d of the node', (measured, used) => {
    expect(usedShare(measured, { packetsPerSecond: 1000 })).toBe(used);
  });
});
