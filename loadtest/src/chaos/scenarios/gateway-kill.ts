import { UNNOTICED_MS } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const gatewayKill: Scenario = {
  name: 'gateway-kill',
  what: 'A gateway is killed; its clients reconnect to another one.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'signaling',
  impact: 'certain',
  // The design's budget for signaling, p95; one more try to connect at most. Media does not notice.
  bounds: {
    recoverMs: { p95: 300, max: 1_000 },
    longestGapMs: { during: UNNOTICED_MS, after: UNNOTICED_MS },
  },

  async fault(stage) {
    const gateway = await stage.busyGateway();
    await stage.fault(`${gateway.name}: SIGKILL`, () => gateway.kill());
    stage.afterwards(`${gateway.name}: started again`, () => gateway.start());
  },
};
