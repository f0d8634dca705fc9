import { MINUTES_MS, SIX_ON_THREE, type Scenario } from '../scenario.ts';

export const natsHang: Scenario = {
  name: 'nats-hang',
  what: 'NATS answers nothing for a while (SIGSTOP).',
  setting: SIX_ON_THREE,
  rounds: 3,
  recovers: 'service',
  felt: 'always',
  bounds: { longestGapMs: 200 },

  async fault(stage) {
    await stage.fault('NATS: SIGSTOP', () => stage.nats.freeze());
    await stage.hold({ firstMs: MINUTES_MS, longMs: 20_000, shortMs: 3_000 });
    await stage.refusesWithoutTrace();
    await stage.mend('NATS: SIGCONT', async () => stage.nats.thaw());
    await stage.backAgain();
  },
};
