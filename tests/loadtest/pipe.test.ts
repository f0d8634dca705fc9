import { benches } from '@skein/loadtest/bench';
import { expect, it } from 'vitest';

interface Latency {
  readonly p50: number;
}

it('the bench of pipes times packets on one node and over two', async () => {
  const pipe = benches.find(({ name }) => name === 'pipe');
  const { signal } = new AbortController();
  const result = await pipe?.run({ form: 'short', seed: 1, say: () => undefined, signal });
  const { addedLatencyMs, oneNodeLatencyMs, twoNodesLatencyMs, packetsPerSecond } = result ?? {};
  expect(packetsPerSecond).toBeGreaterThan(100);
  const p50s = [oneNodeLatencyMs, twoNodesLatencyMs].map((one) => (one as unknown as Latency).p50);
  for (const p50 of p50s) expect(p50).toBeGreaterThan(0);
  expect(addedLatencyMs).toHaveProperty('p50');
});
