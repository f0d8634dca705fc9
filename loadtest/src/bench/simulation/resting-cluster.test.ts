import { expect, it } from 'vitest';
import { RestingCluster, type RestingRates } from './resting-cluster.ts';

const FOR_MS = 5000;

async function ratesOf(nodes: number, gateways: number): Promise<RestingRates> {
  const size = { nodes, gateways, controls: 1, rooms: 0 };
  return await new RestingCluster(1).measure(size, FOR_MS, new AbortController().signal);
}

it('what a cluster at rest asks grows with its size, not with the square of it', async () => {
  const small = await ratesOf(40, 10);
  const large = await ratesOf(80, 20);
  expect(small.redisCommands).toBeGreaterThan(40 * 4);
  expect(large.redisCommands / small.redisCommands).toBeLessThan(2.2);
  expect(large.natsDeliveries / small.natsDeliveries).toBeLessThan(2.2);
});

it('a process reads the registry with one command each time', async () => {
  // Renewals, four a second, and each process' question whether its server is the primary.
  const [few, many] = [await ratesOf(30, 1), await ratesOf(30, 21)];
  const perGateway = (many.redisCommands - few.redisCommands) / 20;
  expect(perGateway).toBeGreaterThan(1);
  expect(perGateway).toBeLessThan(2.6);
});
