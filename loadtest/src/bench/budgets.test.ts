import { describe, expect, it } from 'vitest';
import type { Json } from './bench.ts';
import { judge } from './budgets.ts';

describe('a budget', () => {
  it('is met at its limit, and not beyond it', () => {
    const result = { answerMs: { p50: 20, p99: 101 } };
    expect(
      judge(result, [
        { figure: 'answerMs.p50', max: 20 },
        { figure: 'answerMs.p99', max: 100 },
      ]),
    ).toEqual([
      { figure: 'answerMs.p50', measured: 20, limit: '<= 20', met: true },
      { figure: 'answerMs.p99', measured: 101, limit: '<= 100', met: false },
    ]);
    expect(judge({ joinsPerSecond: 1999 }, [{ figure: 'joinsPerSecond', min: 2000 }])).toMatchObject([
      { limit: '>= 2000', met: false },
    ]);
  });

  it('holds for every element of a list', () => {
    const result = { sizes: [{ ratio: 1.05 }, { ratio: 1.2 }] };
    expect(judge(result, [{ figure: 'sizes.*.ratio', max: 1.1 }])).toMatchObject([
      { figure: 'sizes.0.ratio', met: true },
      { figure: 'sizes.1.ratio', met: false },
    ]);
  });

  it('is not met by a figure that is missing or not a number', () => {
    const results: Json[] = [{}, { ratio: null }, { ratio: 'fast' }, { ratio: Number.NaN }];
    for (const result of results) {
      expect(judge(result, [{ figure: 'ratio', max: 1 }])).toEqual([
        { figure: 'ratio', measured: null, limit: '<= 1', met: false },
      ]);
    }
  });
});
