import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ladderOf, layersAt, rungsWithout, type TrackCost } from './ladder.ts';

const simulcast = (key: string, ...costs: number[]): TrackCost<string> => ({
  key,
  screen: false,
  costsBps: costs.map((cost) => [cost]),
});

const tracks = fc.array(
  fc.record({
    screen: fc.boolean(),
    spatial: fc.integer({ min: 1, max: 4 }),
    temporal: fc.integer({ min: 1, max: 3 }),
    steps: fc.array(fc.integer({ min: 0, max: 500_000 }), { minLength: 12, maxLength: 12 }),
  }),
  { maxLength: 12 },
);

function costs(
  given: readonly { screen: boolean; spatial: number; temporal: number; steps: number[] }[],
): TrackCost<number>[] {
  return given.map(({ screen, spatial, temporal, steps }, key) => {
    let sum = 0;
    const costsBps = Array.from({ length: spatial }, (_, s) =>
      Array.from({ length: temporal }, (_unused, t) => (sum += steps[s * temporal + t] ?? 0)),
    );
    return { key, screen, costsBps };
  });
}

describe('the order in which a pipe gives up layers', () => {
  it('tracks get their second layers before any third, and screens come first', () => {
    const screen = { ...simulcast('slides', 100, 300, 900), screen: true };
    const { base, rungs } = ladderOf([
      simulcast('ann', 50, 200, 800),
      simulcast('bob', 60, 210, 810),
      screen,
    ]);
    expect([...base]).toEqual([
      ['slides', { spatialLayer: 0, temporalLayer: 0 }],
      ['ann', { spatialLayer: 0, temporalLayer: 0 }],
      ['bob', { spatialLayer: 0, temporalLayer: 0 }],
    ]);
    expect(rungs.map(({ key, layers, extraBps }) => [key, layers.spatialLayer, extraBps])).toEqual([
      ['slides', 1, 200],
      ['ann', 1, 150],
      ['bob', 1, 150],
      ['slides', 2, 600],
      ['ann', 2, 600],
      ['bob', 2, 600],
    ]);
  });

  it('a camera keeps its frames and gives up size, a screen keeps its size and gives up frames', () => {
    const costsBps = [
      [10, 20],
      [40, 80],
    ];
    const order = (screen: boolean): string[] => {
      const ladder = ladderOf([{ key: 'it', screen, costsBps }]);
      const all = [ladder.base.get('it'), ...ladder.rungs.map(({ layers }) => layers)];
      return all.map((layers) => `${layers?.spatialLayer}.${layers?.temporalLayer}`);
    };
    expect(order(false)).toEqual(['0.0', '0.1', '1.1']);
    expect(order(true)).toEqual(['0.0', '1.0', '1.1']);
  });

  it('tracks of one layer, such as sound, have nothing to give up', () => {
    const { base, rungs } = ladderOf([
      simulcast('sound', 40),
      { key: 'nothing', screen: false, costsBps: [] },
    ]);
    expect([base.size, rungs.length]).toEqual([0, 0]);
  });

  it('any ladder is fair, never goes below the first layer, and cuts enough if it can', () => {
    fc.assert(
      fc.property(
        tracks,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(3_000_000),
        (given, share, excess) => {
          const all = costs(given);
          const ladder = ladderOf(all);
          const granted = Math.round(share * ladder.rungs.length);
          const layers = layersAt(ladder, granted);
          const levels = new Map<number, number>();
          for (const { key } of ladder.rungs.slice(0, granted)) levels.set(key, (levels.get(key) ?? 0) + 1);
          const total = (key: number): number => ladder.rungs.filter((rung) => rung.key === key).length;
          for (const one of layers.keys())
            for (const other of layers.keys()) {
              const [low, high] = [levels.get(one) ?? 0, levels.get(other) ?? 0];
              // A track falls behind by more than one layer only when it has no more.
              expect(high - low <= 1 || low === total(one)).toBe(true);
            }
          for (const [key, { spatialLayer, temporalLayer }] of layersAt(ladder, ladder.rungs.length)) {
            const top = all[key]?.costsBps ?? [];
            expect([spatialLayer, temporalLayer]).toEqual([top.length - 1, (top[0]?.length ?? 0) - 1]);
          }
          const kept = rungsWithout(ladder, granted, excess);
          const cut = ladder.rungs.slice(kept, granted).reduce((sum, { extraBps }) => sum + extraBps, 0);
          expect(kept).toBeGreaterThanOrEqual(0);
          expect(kept).toBeLessThanOrEqual(granted);
          expect(kept === 0 || cut >= excess).toBe(true);
        },
      ),
    );
  });
});
