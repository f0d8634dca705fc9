import { expect, it } from 'vitest';
import { StoreClock } from './store-clock.ts';

it('a deadline is never later by the store than by the caller, whatever the answer took', () => {
  const clock = new StoreClock();
  // The store's clock is 5 s ahead of the caller's, and the answer arrived 40 ms after it was given.
  clock.learn(15_000_000, 10_040);
  expect(clock.storeUs(11_000)).toBe(15_960_000);
});

it('what was not learned yet, or was forgotten, has passed', () => {
  const clock = new StoreClock();
  expect(clock.storeUs(1e9)).toBe(0);
  clock.learn(5_000_000, 1);
  clock.forget();
  expect(clock.storeUs(1e9)).toBe(0);
});
