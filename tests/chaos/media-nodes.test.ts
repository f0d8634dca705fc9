import { Network } from '@skein/testkit';
import { describe } from 'vitest';
import { holdsThrough } from './testing-rounds.ts';

// Without root there are no hosts to cut off from each other. `pipe-partition` and `random` are for the bench alone until they
// hold there: see «What does not hold yet» in docs/chaos.md.
const onNetwork = Network.possible ? ['node-cut-off'] : [];

describe('a call goes on through what happens to media nodes', () => {
  holdsThrough(['node-kill', 'worker-kill', 'node-hang', 'node-drain', ...onNetwork], {
    hosts: Network.possible ? 'network' : 'loopback',
    env: { SKEIN_NODE_DRAIN_DEADLINE_MS: '30000' },
  });
});
