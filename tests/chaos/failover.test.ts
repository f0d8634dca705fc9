import { describe } from 'vitest';
import { holdsThrough } from '../testing/rounds.ts';

describe('a call goes on through what takes over from another one', () => {
  holdsThrough(['redis-failover', 'control-split'], { redisFailsOver: true, controls: 2 });
});
