import { createMemoryBus } from '@skein/bus';
import type { NodeRegistry } from '@skein/cluster';
import { SkeinError, subjects, type NodeRecord } from '@skein/protocol';
import { FakeClock, seededRandom } from '@skein/runtime';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, test } from 'vitest';
import { Beats } from './beats.ts';

function setUp() {
  const clock = new FakeClock();
  const hub = createMemoryBus({ clock });
  const heard: number[] = [];
  hub.connect('gateway').subscribe(subjects.anyNodeBeat, (beat) => heard.push((beat as NodeRecord).beat));
  const registry = {
    failing: undefined as SkeinError | undefined,
    renewed: [] as (number | undefined)[],
    released: [] as number[],
  };
  const nodes: Pick<NodeRegistry, 'renew' | 'release'> = {
    renew: async (_record, { fence }) => {
      if (registry.failing) throw registry.failing;
      registry.renewed.push(fence);
      return 7;
    },
    release: async (_nodeId, fence) => void registry.released.push(fence),
  };
  const state = { replaced: 0 };
  const beats = new Beats({
    ...{ clock, random: seededRandom(3), log: silentLogger, bus: hub.connect('node') },
    nodes: nodes as NodeRegistry,
    record: async (beat) => ({ nodeId: 'n', beat }) as NodeRecord,
    onReplaced: () => state.replaced++,
  });
  return { clock, heard, registry, beats, state };
}

describe('a node', () => {
  test('says at once and then every second that it lives, with the fence that it was given', async () => {
    const { clock, heard, registry, beats } = setUp();
    beats.start();
    await clock.advance(0);
    await clock.advance(3500);
    expect(heard).toEqual([0, 1, 2, 3]);
    expect(registry.renewed).toEqual([undefined, 7, 7, 7]);
  });

  test('goes on beating while the store is down, and renews when it is back', async () => {
    const { clock, heard, registry, beats, state } = setUp();
    registry.failing = SkeinError.unavailable('the store');
    beats.start();
    await clock.advance(2500);
    expect(heard).toEqual([0, 1, 2]);
    registry.failing = undefined;
    await clock.advance(1000);
    expect(registry.renewed).toEqual([undefined]);
    expect(state.replaced).toBe(0);
  });

  test('whose lease another start of it holds is told so', async () => {
    const { registry, beats, state } = setUp();
    registry.failing = new SkeinError('STALE_EPOCH', 'taken');
    await beats.now();
    expect(state.replaced).toBe(1);
  });

  test('that stops beats once more, gives the lease back, and is silent', async () => {
    const { clock, heard, registry, beats } = setUp();
    beats.start();
    await clock.advance(0);
    await beats.stop('n');
    expect(registry.released).toEqual([7]);
    await clock.advance(5000);
    expect(heard).toEqual([0, 1]);
  });
});
