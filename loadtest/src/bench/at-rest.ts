import type { Bench, BenchContext } from './bench.ts';
import { hundredths } from '../measure/statistics.ts';
import { RestingCluster, type RestingSize } from './simulation/resting-cluster.ts';

const SIZES: Readonly<Record<BenchContext['form'], readonly RestingSize[]>> = {
  long: [
    { nodes: 3, gateways: 2, controls: 1, rooms: 100 },
    { nodes: 100, gateways: 20, controls: 2, rooms: 10_000 },
    { nodes: 500, gateways: 100, controls: 3, rooms: 50_000 },
  ],
  short: [
    { nodes: 3, gateways: 2, controls: 1, rooms: 10 },
    { nodes: 30, gateways: 6, controls: 1, rooms: 100 },
  ],
};
const MEASURED_MS = { long: 10_000, short: 5000 } as const;

/**
 * What a cluster asks of Redis and NATS while nothing happens, at sizes that no one machine has. The product's own code
 * runs in virtual time and is counted. Baseline: what is linear in nodes, gateways and rooms.
 */
export const atRest: Bench = {
  name: 'at-rest',
  what: 'Redis commands and NATS deliveries a second of a cluster at rest with 3, 100 and 500 nodes, counted.',
  budgets: [
    { figure: 'sizes.*.redisPerUnit', max: 5 },
    { figure: 'sizes.*.natsPerUnit', max: 20 },
  ],
  async run({ form, seed, signal, say }) {
    const sizes = [];
    for (const size of SIZES[form]) {
      const rates = await new RestingCluster(seed).measure(size, MEASURED_MS[form], signal);
      const units = size.nodes + size.gateways;
      const redisPerUnit = hundredths(rates.redisCommands / (units + size.rooms));
      const natsPerUnit = hundredths(rates.natsDeliveries / units);
      say(`${size.nodes} nodes: ${JSON.stringify(rates)}`);
      sizes.push({ ...size, ...rates, redisPerUnit, natsPerUnit });
    }
    return { sizes };
  },
};
