import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketOf, Histogram, mergeHistograms, percentilesOf, valueOf } from './histogram.ts';

function histogramOf(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('a histogram', () => {
  it('tells percentiles within 3 % of the truth', () => {
    const values = Array.from({ length: 1000 }, (_, index) => index + 1);
    const { p50, p95, p99, max, mean, count } = histogramOf(values).percentiles();
    expect(p50).toBeGreaterThan(485);
    expect(p50).toBeLessThan(515);
    expect(Math.abs(p95 - 950)).toBeLessThan(29);
    expect(Math.abs(p99 - 990)).toBeLessThan(30);
    expect({ max, mean, count }).toEqual({ max: 1000, mean: 500.5, count: 1000 });
  });

  it('of parts that are put together is the histogram of all', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }))), (parts) => {
        const merged = percentilesOf(mergeHistograms(parts.map((part) => histogramOf(part).data())));
        const whole = histogramOf(parts.flat()).percentiles();
        expect({ ...merged, mean: 0 }).toEqual({ ...whole, mean: 0 });
        expect(merged.mean).toBeCloseTo(whole.mean, 3);
      }),
    );
  });

  it('puts a value into the bucket whose middle is next to it', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.002, max: 1e8, noNaN: true }), (value) => {
        expect(Math.abs(valueOf(bucketOf(value)) / value - 1)).toBeLessThan(0.03);
      }),
    );
  });

  it('takes what is no length of time as 0', () => {
    expect(histogramOf([-5, Number.NaN, 0]).percentiles()).toEqual({
      ...{ count: 3, mean: 0, p50: 0, p95: 0, p99: 0, max: 0 },
    });
  });

  it('is empty after it is taken', () => {
    const histogram = histogramOf([1, 2]);
    expect(histogram.take().count).toBe(2);
    expect(histogram.take()).toEqual({ buckets: [], count: 0, sum: 0, min: 0, max: 0 });
  });
});
