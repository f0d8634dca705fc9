import { benches } from '@skein/loadtest/bench';
import { expect, it } from 'vitest';

interface Size {
  readonly name: string;
  readonly packetsPerSecond: number;
  readonly usPerPacket: number;
  readonly bareUsPerPacket: number;
  readonly ratioToBareWorker: number;
}

it('the bench of forwarding measures a media node beside a bare worker, with the same flow', async () => {
  const forward = benches.find(({ name }) => name === 'forward');
  const { signal } = new AbortController();
  const result = await forward?.run({ form: 'short', seed: 1, say: () => undefined, signal });
  const sizes = (result?.['sizes'] ?? []) as unknown as readonly Size[];
  expect(sizes).toHaveLength(1);
  for (const size of sizes) {
    expect(size.packetsPerSecond).toBeGreaterThan(300);
    expect(size.usPerPacket).toBeGreaterThan(0);
    expect(size.bareUsPerPacket).toBeGreaterThan(0);
    expect(size.ratioToBareWorker).toBeGreaterThan(0);
  }
});
