import { OUTAGE, SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

/** The sentinels take 5 s to call a primary down, then agree, promote and tell. */
const FAILOVER_DEADLINE_MS = 20_000;

export const redisFailover: Scenario = {
  name: 'redis-failover',
  what: 'The primary Redis dies or hangs, and its replica takes over; later it is back as the replica.',
  setting: { ...SIX_ON_THREE, redisFailsOver: true },
  rounds: 4,
  recovers: 'service',
  impact: 'certain',
  bounds: OUTAGE.bounds,

  async fault(stage) {
    const group = stage.redisGroup;
    const primary = await group.primary();
    const hangs = stage.random() < 0.5;
    await stage.fault(`${primary.name}, the primary: ${hangs ? 'SIGSTOP' : 'SIGKILL'}`, () =>
      hangs ? primary.freeze() : primary.kill(),
    );
    stage.afterwards(`${primary.name}: back as the replica`, async () => {
      if (hangs) primary.thaw();
      else await primary.start();
      await group.inSync();
    });
    await stage.refusesAtOnce();
    const next = await group.failedOver(primary, FAILOVER_DEADLINE_MS);
    // For some seconds it still takes itself for the primary.
    if (hangs) await stage.mend(`${primary.name}: SIGCONT`, async () => primary.thaw());
    stage.say(`${next.name} is the primary`);
    await stage.measureProbeJoin();
  },
};
