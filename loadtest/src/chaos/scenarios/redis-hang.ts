import { MINUTES_MS, OUTAGE, type Scenario } from '../stage/scenario.ts';

export const redisHang: Scenario = {
  name: 'redis-hang',
  what: 'Redis answers nothing for a while (SIGSTOP).',
  ...OUTAGE,
  rounds: 3,

  async fault(stage) {
    await stage.fault('Redis: SIGSTOP', () => stage.redis.freeze());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 20_000, shortMs: 3_000 });
    await stage.refusesAtOnce();
    await stage.heals('Redis: SIGCONT', async () => stage.redis.thaw());
    await stage.measureProbeJoin();
  },
};
