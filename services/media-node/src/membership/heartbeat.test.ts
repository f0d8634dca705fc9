import { createMemoryBus } from '@skein/bus/testing';
import type { NodeRegistry } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import { Heartbeat, LEASE_TTL_MS, leaseTtlMs } from './heartbeat.ts';

function setUp() {
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const heard: number[] = [];
  hub.connect('gateway').subscribe(subjects.anyNodeBeat, (beat) => heard.push((beat as NodeRecord).beat));
  const registry = {
    failing: undefined as SkeinError | undefined,
    renewed: [] as (number | undefined)[],
    released: [] as number[],
    leasesMs: [] as number[],
    /** The round trip to the store. */
    awayMs: 0,
  };
  const nodes: Pick<NodeRegistry, 'renew' | 'release'> = {
    renew: async (_record, { fence, ttlMs }) => {
      registry.leasesMs.push(ttlMs);
      if (registry.awayMs > 0) await clock.sleep(registry.awayMs);
      if (registry.failing) throw registry.failing;
      registry.renewed.push(fence);
      return 7;
    },
    release: async (_nodeId, fence) => void registry.released.push(fence),
  };
  const news: string[] = [];
  hub.connect('peer').subscribe(subjects.anyNodeState, (told) => {
    const { state: present, fence } = told as NodeRecord;
    news.push(`${present} ${fence}`);
  });
  const state = { present: 'ready', fenced: 0, answer: 'yield' as 'retake' | 'yield' | Error };
  const heartbeat = new Heartbeat({
    ...{ clock, random: seededRandom(3), log: silentLogger, bus: hub.connect('node') },
    nodes: nodes as NodeRegistry,
    record: (beat, fence) => ({ nodeId: 'n', beat, fence, state: state.present }) as NodeRecord,
    onFenced: async () => {
      state.fenced++;
      if (state.answer instanceof Error) throw state.answer;
      return state.answer;
    },
  });
  return { clock, heard, news, registry, heartbeat, state };
}

describe('a node', () => {
  it('a node sends heartbeats at once and four times a second, with its fence', async () => {
    const { clock, heard, registry, heartbeat } = setUp();
    heartbeat.start();
    await clock.advance(0);
    await clock.advance(10_000);
    expect(heard.length).toBeGreaterThanOrEqual(38);
    expect(heard.length).toBeLessThanOrEqual(42);
    expect(heard).toEqual(heard.map((_, at) => at));
    expect(registry.renewed).toEqual(heard.map((beat) => (beat === 0 ? undefined : 7)));
  });

  it('a node that failed to start sends no heartbeat and takes no lease', async () => {
    const { clock, heard, registry, heartbeat } = setUp();
    await heartbeat.now();
    await heartbeat.stop('n');
    await clock.advance(1000);
    expect([heard, registry.renewed]).toEqual([[], []]);
  });

  it('a node publishes its start and its changes of state to other nodes, and nothing else', async () => {
    const { clock, news, heartbeat, state } = setUp();
    heartbeat.start();
    await clock.advance(10_000);
    // With its lease, by which others tell that this start is the later one.
    expect(news).toEqual(['ready undefined', 'ready 7']);
    state.present = 'draining';
    await heartbeat.now();
    await clock.advance(10_000);
    expect(news).toEqual(['ready undefined', 'ready 7', 'draining 7']);
  });

  it('a node sends heartbeats while the store is down, and renews once it is back', async () => {
    const { clock, heard, registry, heartbeat, state } = setUp();
    registry.failing = SkeinError.unavailable('the store');
    heartbeat.start();
    await clock.advance(2500);
    expect(heard.length).toBeGreaterThanOrEqual(9);
    registry.failing = undefined;
    await clock.advance(300);
    expect(registry.renewed).toEqual([undefined]);
    expect(state.fenced).toBe(0);
  });

  it('a node whose lease another process holds renews it no more', async () => {
    const { clock, registry, heartbeat, state } = setUp();
    registry.failing = new SkeinError('STALE_EPOCH', 'taken');
    heartbeat.start();
    await clock.advance(1000);
    expect(state.fenced).toBe(1);
    registry.failing = undefined;
    await clock.advance(1000);
    expect(registry.renewed).toEqual([]);
  });

  it('an evicted node takes a new lease', async () => {
    const { clock, registry, heartbeat, state } = setUp();
    heartbeat.start();
    await clock.advance(0);
    state.answer = 'retake';
    registry.failing = new SkeinError('STALE_EPOCH', 'buried');
    await clock.advance(300);
    registry.failing = undefined;
    await clock.advance(1000);
    expect(registry.renewed.slice(0, 2)).toEqual([undefined, undefined]);
    expect(registry.renewed.at(-1)).toBe(7);
  });

  it('a node retries when the holder of the lease could not be read', async () => {
    const { clock, registry, heartbeat, state } = setUp();
    state.answer = SkeinError.unavailable('the store');
    registry.failing = new SkeinError('STALE_EPOCH', 'taken');
    heartbeat.start();
    await clock.advance(1000);
    expect(state.fenced).toBeGreaterThan(2);
  });

  it('a node that stops sends a last heartbeat and releases the lease', async () => {
    const { clock, heard, registry, heartbeat } = setUp();
    heartbeat.start();
    await clock.advance(0);
    await heartbeat.stop('n');
    expect(registry.released).toEqual([7]);
    await clock.advance(5000);
    expect(heard).toEqual([0, 1]);
  });

  it.each([1, 150, 300])('a node %d ms away from the store never lets its lease expire', async (awayMs) => {
    const { clock, registry, heartbeat } = setUp();
    registry.awayMs = awayMs;
    heartbeat.start();
    await clock.advance(5000);
    const kept = registry.leasesMs.slice(3);
    const renewals = registry.renewed.length;
    await clock.advance(20_000);
    const everyMs = 20_000 / (registry.renewed.length - renewals);
    // One renewal may come a retransmission late.
    for (const leaseMs of kept) expect(leaseMs).toBeGreaterThan(everyMs + 200);
  });
});

it('a node near the store has the shortest lease', async () => {
  const { clock, registry, heartbeat } = setUp();
  registry.awayMs = 1;
  heartbeat.start();
  await clock.advance(5000);
  expect(new Set(registry.leasesMs.slice(1))).toEqual(new Set([LEASE_TTL_MS]));
});

it('a lease lasts longer than its renewal, and is bounded', () => {
  expect(leaseTtlMs(0)).toBe(LEASE_TTL_MS);
  expect(leaseTtlMs(202)).toBe(LEASE_TTL_MS);
  expect(leaseTtlMs(800)).toBe(1250);
  expect(leaseTtlMs(1e9)).toBe(10_000);
});
