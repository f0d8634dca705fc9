import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import type { WorkerPool } from '../workers/worker-pool.ts';
import { LoadMeter } from './load-meter.ts';
import type { Flow } from './packet-rate.ts';
import { hardLimitsUsed, usedShare } from './used-share.ts';

/** A track that nobody receives. */
function flow(packets: () => Promise<number>): Flow {
  return {
    source: { kind: 'audio', muted: false, layers: { spatial: 1, temporal: 1 }, packets },
    sinks: [],
  };
}

function setUp(flows: Flow[], cpuTime?: (index: number) => Promise<{ pid: number; cpuMs: number }>) {
  const clock = new FakeClock();
  const worker = { pid: 1, cpuMs: 0 };
  const slot = { index: 0, cpu: 0, sessions: 0, sessionsMeasured: 0 };
  const slots = cpuTime ? [slot, { ...slot, index: 1 }] : [slot];
  const pool = {
    slots,
    slot: (index: number) => slots[index],
    setMeasured: (index: number, { cpu, sessions }: { cpu: number; sessions: number }) =>
      Object.assign(slots[index] ?? {}, { cpu, sessionsMeasured: sessions }),
    get uses() {
      return slots.map(({ cpu }) => ({ running: true, cpu, limitsUsed: 0 }));
    },
    cpuTime: cpuTime ?? (async () => ({ ...worker })),
  } as unknown as WorkerPool;
  const limits = { packetsPerSecond: 1000 };
  const shared = { clock, log: silentLogger, limits, sessions: () => 2, limitsUsed: () => 0 };
  return { clock, worker, slot, meter: new LoadMeter({ ...shared, pool, flows: () => flows }) };
}

describe('the load of a node', () => {
  it('the load has the CPU share of the busiest worker, and the packets per second', async () => {
    const counted = { packets: 0 };
    const { clock, worker, meter } = setUp([flow(async () => counted.packets)]);
    await meter.sample();
    await clock.advance(1000);
    worker.cpuMs = 250;
    counted.packets = 400;
    await meter.sample();
    expect(meter.load).toEqual({
      ...{ busiestWorkerCpu: 0.25, packetsPerSecond: 400, sessions: 2 },
      ...{ used: 0.4, limitsUsed: 0 },
    });
  });

  it('the load of a worker counts the sessions at the measurement, not later ones', async () => {
    const { clock, slot, meter } = setUp([]);
    await meter.sample();
    slot.sessions = 3;
    await clock.advance(1000);
    await meter.sample();
    slot.sessions = 7;
    expect(slot.sessionsMeasured).toBe(3);
  });

  it('the load of a restarted worker starts from zero', async () => {
    const { clock, worker, meter } = setUp([]);
    worker.cpuMs = 90_000;
    await meter.sample();
    await clock.advance(1000);
    Object.assign(worker, { pid: 2, cpuMs: 10 });
    await meter.sample();
    expect(meter.load.busiestWorkerCpu).toBe(0);
  });

  it('the packet rate of unread counters is estimated from the others', async () => {
    const counted = { packets: 0 };
    const flows = [flow(async () => counted.packets)];
    const { clock, meter } = setUp(flows);
    await meter.sample();
    await clock.advance(1000);
    counted.packets = 50;
    flows.push(flow(async () => 0));
    await meter.sample();
    expect(meter.load.packetsPerSecond).toBe(100);
  });

  it('a worker or a counter that does not answer stops no measurement', async () => {
    const { meter } = setUp([flow(() => Promise.reject(new Error('closed')))]);
    await meter.sample();
    expect(meter.load.packetsPerSecond).toBe(0);
  });

  it('a silent worker gets no more requests, while the others are measured', async () => {
    const never = new Promise<never>(() => {});
    const other = { pid: 2, cpuMs: 0, packets: 0 };
    let askedHung = 0;
    const { clock, meter } = setUp([flow(() => never), flow(async () => other.packets)], (index) =>
      index === 0 ? (askedHung++, never) : Promise.resolve({ ...other }),
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

  it.each([
    ['its packets', { cpus: [0.3], packetsPerSecond: 500, limitsUsed: 0 }, 0.5],
    ['its worker', { cpus: [0.8], packetsPerSecond: 500, limitsUsed: 0 }, 0.8],
    ['its packets, beyond what it can', { cpus: [0], packetsPerSecond: 2000, limitsUsed: 0 }, 2],
    ['its hard limits', { cpus: [0.1], packetsPerSecond: 0, limitsUsed: 0.95 }, 0.95],
    [
      'all of its workers, not the hottest one',
      { cpus: [1, 0, 0.2, 0], packetsPerSecond: 0, limitsUsed: 0 },
      0.3,
    ],
  ])('uses as much as %s', (_, { cpus, ...rest }, used) => {
    const workers = cpus.map((cpu) => ({ running: true, cpu, limitsUsed: 0 }));
    expect(usedShare({ workers, ...rest }, { packetsPerSecond: 1000 })).toBeCloseTo(used);
  });

  it('a worker that does not run, or is at a hard limit, counts as full', () => {
    const idle = { running: true, cpu: 0, limitsUsed: 0 };
    const workers = [idle, { ...idle, running: false }, { ...idle, limitsUsed: 1 }, idle];
    expect(usedShare({ workers, packetsPerSecond: 0, limitsUsed: 0 }, { packetsPerSecond: 1 })).toBe(0.5);
    expect(hardLimitsUsed({ workers, limitsUsed: 0 })).toBe(0);
    expect(hardLimitsUsed({ workers: workers.slice(1, 3), limitsUsed: 0.2 })).toBe(1);
    expect(hardLimitsUsed({ workers, limitsUsed: 1 })).toBe(1);
  });
});
