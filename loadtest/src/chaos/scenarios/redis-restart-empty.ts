import { MINUTES_MS, OUTAGE, type Scenario } from '../stage/scenario.ts';

export const redisRestartEmpty: Scenario = {
  name: 'redis-restart-empty',
  what: 'Redis dies and comes back without its data.',
  ...OUTAGE,
  rounds: 4,

  async fault(stage) {
    await stage.fault('Redis: SIGKILL', () => stage.redis.kill());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 8_000, shortMs: 1_000 });
    await stage.refusesAtOnce();
    await stage.heals('Redis: started again, empty', () => stage.redis.start());
    await stage.measureProbeJoin();
  },
};
