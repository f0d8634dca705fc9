import { expect, it } from 'vitest';
import { SingleFlight } from './single-flight.ts';

it('concurrent calls for a key share one run', async () => {
  const flights = new SingleFlight<string, number>();
  let calls = 0;
  const create = (): Promise<number> => Promise.resolve(++calls);
  expect(
    await Promise.all([flights.run('a', create), flights.run('a', create), flights.run('b', create)]),
  ).toEqual([1, 1, 2]);
});

it('an ended call is forgotten, whether it succeeded or failed', async () => {
  const flights = new SingleFlight<string, string>();
  await expect(flights.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await flights.run('a', () => Promise.resolve('yes'))).toBe('yes');
  expect(flights.size).toBe(0);
});
