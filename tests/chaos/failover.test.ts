import { describe } from 'vitest';
import { holdsThrough } from '../testing/rounds.ts';

describe('a call survives every failover', () => {
  holdsThrough(['redis-failover', 'control-split'], { redisFailsOver: true, controls: 2 });
});
