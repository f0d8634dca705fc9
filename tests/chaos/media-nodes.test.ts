import { Network } from '@skein/testkit';
import { describe } from 'vitest';
import { holdsThrough } from '../testing/rounds.ts';

// Without root there are no hosts to cut off from each other.
const onNetwork = Network.possible
  ? ['node-cut-off', 'client-cut-off', 'pipe-partition', 'narrow-link', 'random']
  : [];
const onRelays = Network.canImpair ? ['slow-link'] : [];

describe('a call survives the faults of media nodes', () => {
  holdsThrough(
    ['node-kill', 'worker-kill', 'worker-hang', 'node-hang', 'node-drain', ...onRelays, ...onNetwork],
    {
      hosts: Network.possible ? 'network' : 'loopback',
      layers: 3,
      env: { SKEIN_NODE_DRAIN_DEADLINE_MS: '30000' },
    },
  );
});
