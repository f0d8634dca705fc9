import { describe, expect, test } from 'vitest';
import { percentile, spreadOf } from './percentiles.ts';

describe('percentiles', () => {
  test('are values that were measured, by the nearest rank', () => {
    const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
    expect(percentile(hundred, 0.5)).toBe(50);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile(hundred, 1)).toBe(100);
    expect(percentile([7], 0.01)).toBe(7);
  });

  test('do not depend on the order, and are rounded', () => {
    expect(spreadOf([3, 1.23456, 2])).toEqual({ p50: 2, p95: 3, p99: 3, max: 3 });
    expect(spreadOf([1.23456])).toMatchObject({ p50: 1.23 });
  });

  test('of nothing are no numbers', () => {
    expect(spreadOf([]).p50).toBeNaN();
  });
});
