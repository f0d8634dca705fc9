import { benches } from '@skein/loadtest/bench';
import { expect, it } from 'vitest';

it('a mute loop is mostly refused, closes no socket, and its last state is shown', async () => {
  const bench = benches.find(({ name }) => name === 'noisy-room');
  const { signal } = new AbortController();
  const result = await bench!.run({ form: 'short', seed: 1, say: () => {}, signal });
  expect(result).toMatchObject({ socketsClosed: 0, lastWishesLost: 0 });
  // 64 at once after a rest, then 10 a second; the room hears at most ten changes a second. Ping times are not judged here.
  expect(result['mutesPerSecond']).toBeLessThanOrEqual((64 + 10 * 3) / 2);
  expect(result['changesToldPerSecond']).toBeLessThanOrEqual(15);
  expect(result['refusedPerSecond']).toBeGreaterThan(10);
}, 60_000);
