import { SIX_ON_THREE, type Scenario } from '../scenario.ts';

export const controlKill: Scenario = {
  name: 'control-kill',
  what: 'Control dies; calls and joins go on without it.',
  setting: SIX_ON_THREE,
  rounds: 4,
  recovers: 'service',
  bounds: { longestGapMs: 200 },

  async fault(stage) {
    await stage.fault('control: SIGKILL', async () => stage.cluster.control?.kill());
    await stage.hold({ longMs: 5_000, shortMs: 500 });
    await stage.backAgain();
    stage.afterwards('control: started again', async () => stage.cluster.control?.start());
  },
};
