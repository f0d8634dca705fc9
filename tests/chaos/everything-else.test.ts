import { describe } from 'vitest';
import { holdsThrough } from '../testing/rounds.ts';

describe('a call survives the faults of gateways, Redis, NATS and control', () => {
  holdsThrough(
    [
      'gateway-kill',
      'redis-restart-empty',
      'redis-hang',
      'nats-restart',
      'nats-hang',
      'control-kill',
      'rolling-update',
    ],
    { env: { SKEIN_NODE_DRAIN_DEADLINE_MS: '30000', SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '10000' } },
  );
});
