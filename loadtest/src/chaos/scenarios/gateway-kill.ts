import { SIX_ON_THREE, type Scenario } from '../scenario.ts';

export const gatewayKill: Scenario = {
  name: 'gateway-kill',
  what: 'A gateway is killed; its clients go on at another one.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'signaling',
  felt: 'always',
  bounds: { recoverP95Ms: 1_000, longestGapMs: 200 },

  async fault(stage) {
    const gateway = await stage.busyGateway();
    await stage.fault(`${gateway.name}: SIGKILL`, () => gateway.kill());
    stage.afterwards(`${gateway.name}: started again`, () => gateway.start());
  },
};
