import { expect, it } from 'vitest';
import { backoff } from './backoff.ts';
import { seededRandom } from './random.ts';

const waits = (delayMs: (failures: number) => number): number[] => [1, 2, 3, 4, 5, 6].map(delayMs);

it('a backoff doubles from the first wait up to the longest one', () => {
  expect(waits(backoff({ firstMs: 100, maxMs: 1000 }))).toEqual([100, 200, 400, 800, 1000, 1000]);
});

it('a backoff grows by the factor that it is given', () => {
  expect(waits(backoff({ firstMs: 1, maxMs: 50, factor: 3 }))).toEqual([1, 3, 9, 27, 50, 50]);
});

it('a backoff stays at the longest wait after any number of failures', () => {
  expect(backoff({ firstMs: 100, maxMs: 5000 })(1_000_000)).toBe(5000);
});

it('a backoff counts failures from one', () => {
  expect(backoff({ firstMs: 100, maxMs: 1000 })(0)).toBe(100);
});

it('jitter spreads a wait by its share to both sides, the longest one too', () => {
  const options = { firstMs: 100, maxMs: 1000, jitter: 0.25 };
  const shortest = backoff({ ...options, random: () => 0 });
  const longest = backoff({ ...options, random: () => 1 });
  expect([shortest(1), longest(1), shortest(9), longest(9)]).toEqual([75, 125, 750, 1250]);
});

it('a jittered backoff gives the same waits for the same seed', () => {
  const seeded = (): number[] =>
    waits(backoff({ firstMs: 10, maxMs: 99, jitter: 0.5, random: seededRandom(3) }));
  expect(seeded()).toEqual(seeded());
});
