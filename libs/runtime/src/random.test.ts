import { expect, it } from 'vitest';
import { jitter, seededRandom } from './random.ts';

it('a seed gives the same sequence every time, spread over [0, 1)', () => {
  const [one, same, other] = [seededRandom(7), seededRandom(7), seededRandom(8)];
  const draws = Array.from({ length: 10_000 }, () => one());
  expect(draws.slice(0, 100)).toEqual(Array.from({ length: 100 }, () => same()));
  expect(draws[0]).not.toBe(other());
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...draws)).toBeLessThan(1);
  expect(draws.reduce((sum, draw) => sum + draw, 0) / draws.length).toBeCloseTo(0.5, 1);
});

it('jitter spreads a delay by the ratio and no more', () => {
  expect(jitter(1000, () => 0)).toBe(800);
  expect(jitter(1000, () => 0.5)).toBe(1000);
  expect(jitter(1000, () => 1, 0.5)).toBe(1500);
});
