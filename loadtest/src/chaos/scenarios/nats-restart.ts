import { MINUTES_MS, OUTAGE, type Scenario } from '../stage/scenario.ts';

export const natsRestart: Scenario = {
  name: 'nats-restart',
  what: 'NATS dies and comes back.',
  ...OUTAGE,
  rounds: 4,

  async fault(stage) {
    await stage.fault('NATS: SIGKILL', () => stage.nats.kill());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 10_000, shortMs: 2_000 });
    await stage.refusesWithoutTrace();
    await stage.heals('NATS: started again', () => stage.nats.start());
    await stage.measureProbeJoin();
  },
};
