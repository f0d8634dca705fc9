import { benches } from '@skein/loadtest/bench';
import { expect, it } from 'vitest';

it('the join bench joins a real cluster at a rate and counts store operations per join', async () => {
  const bench = benches.find(({ name }) => name === 'join');
  const lines: string[] = [];
  const { signal } = new AbortController();
  const result = await bench!.run({ form: 'short', seed: 1, say: (line) => lines.push(line), signal });
  expect(result).toMatchObject({ joinsPerSecond: 10, failed: 0, rates: [{ joins: 20 }] });
  const { p50, p99, max } = result['answerMs'] as { p50: number; p99: number; max: number };
  expect(p50).toBeGreaterThan(0);
  expect(p50).toBeLessThanOrEqual(p99);
  expect(p99).toBeLessThanOrEqual(max);
  // The same however many there are in the room: placing and counting the assignment; how fast is not judged here.
  const operations = result['operationsPerJoin'] as readonly { roomSize: number; redisScripts: number }[];
  expect(operations.map(({ roomSize }) => roomSize)).toEqual([1, 5]);
  for (const { redisScripts } of operations) expect(Math.round(redisScripts)).toBe(2);
}, 60_000);
