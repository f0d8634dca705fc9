import { MINUTES_MS, SIX_ON_THREE, type Scenario } from '../scenario.ts';

export const redisHang: Scenario = {
  name: 'redis-hang',
  what: 'Redis answers nothing for a while (SIGSTOP).',
  setting: SIX_ON_THREE,
  rounds: 3,
  recovers: 'service',
  felt: 'always',
  bounds: { longestGapMs: 200 },

  async fault(stage) {
    await stage.fault('Redis: SIGSTOP', () => stage.redis.freeze());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 20_000, shortMs: 3_000 });
    await stage.refusesAtOnce();
    await stage.mend('Redis: SIGCONT', async () => stage.redis.thaw());
    await stage.backAgain();
  },
};
