import { MINUTES_MS, OUTAGE, type Scenario } from '../stage/scenario.ts';

export const natsHang: Scenario = {
  name: 'nats-hang',
  what: 'NATS answers nothing for a while (SIGSTOP).',
  ...OUTAGE,
  rounds: 3,

  async fault(stage) {
    await stage.fault('NATS: SIGSTOP', () => stage.nats.freeze());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 20_000, shortMs: 3_000 });
    await stage.refusesWithoutTrace();
    await stage.heals('NATS: SIGCONT', async () => stage.nats.thaw());
    await stage.measureProbeJoin();
  },
};
