import { expect, it } from 'vitest';
import { SingleFlight } from './single-flight.ts';

it('shares one running call for a key among all who ask', async () => {
  const flights = new SingleFlight<string, number>();
  let calls = 0;
  const create = (): Promise<number> => Promise.resolve(++calls);
  expect(
    await Promise.all([flights.run('a', create), flights.run('a', create), flights.run('b', create)]),
  ).toEqual([1, 1, 2]);
});

it('forgets a call when it has ended, whether it worked or not', async () => {
  const flights = new SingleFlight<string, string>();
  await expect(flights.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await flights.run('a', () => Promise.resolve('yes'))).toBe('yes');
  expect(flights.size).toBe(0);
});
