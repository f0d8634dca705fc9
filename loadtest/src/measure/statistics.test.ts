import { describe, expect, it } from 'vitest';
import { median, percentile, spreadMsOf, spreadOf } from './statistics.ts';

describe('percentiles', () => {
  it('are measured values, by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.01)).toBe(7);
  });

  it('are rounded and independent of the order', () => {
    expect(spreadOf([3, 1.23456, 2])).toEqual({ p50: 2, p95: 3, p99: 3, max: 3 });
    expect(spreadOf([1.23456])).toMatchObject({ p50: 1.23 });
  });

  it('are NaN when there are no values', () => {
    expect(spreadOf([]).p50).toBeNaN();
  });
});

describe('percentiles in whole milliseconds', () => {
  it('take nearest ranks, and are zero when there are no values', () => {
    expect(spreadMsOf([5, 1, 4.4, 2])).toEqual({ p50: 2, p95: 5, max: 5 });
    expect(spreadMsOf([])).toEqual({ p50: 0, p95: 0, max: 0 });
  });

  it('take the nearest rank for the median', () => {
    expect(spreadMsOf([30, 10, 20.4, 40])).toMatchObject({ p50: 20, max: 40 });
    expect(spreadMsOf([7])).toMatchObject({ p50: 7, max: 7 });
    expect(spreadMsOf([])).toMatchObject({ p50: 0, max: 0 });
  });
});

it.each([
  [[], 0],
  [[3], 3],
  [[3, 1], 2],
  [[9, 1, 2], 2],
  [[4, 1, 2, 9], 3],
])('the median of %j is %d', (values, middle) => {
  expect(median(values)).toBe(middle);
});
