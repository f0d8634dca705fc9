import { REPLACED } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

const NODE_DEADLINE_MS = 60_000;
const GATEWAY_DEADLINE_MS = 20_000;

export const rollingUpdate: Scenario = {
  name: 'rolling-update',
  what: 'Every service is replaced, one after another, under a running call.',
  setting: {
    ...SIX_ON_THREE,
    env: {
      SKEIN_NODE_DRAIN_DEADLINE_MS: String(NODE_DEADLINE_MS),
      SKEIN_GATEWAY_DRAIN_DEADLINE_MS: String(GATEWAY_DEADLINE_MS),
    },
  },
  rounds: 1,
  recovers: 'media',
  impact: 'possible',
  bounds: REPLACED,

  async fault(stage) {
    const { cluster } = stage;
    for (const node of cluster.mediaNodes.filter(({ status }) => status.status === 'ready')) {
      await stage.fault(`a replacement for ${node.name} joins; SIGTERM`, async () => {
        await cluster.addMediaNode();
        await stage.endsByItself(node, { bySignal: true, withinMs: NODE_DEADLINE_MS });
      });
    }
    for (const gateway of cluster.gateways) {
      await stage.fault(`${gateway.name}: SIGTERM, then started again`, async () => {
        await stage.endsByItself(gateway, { bySignal: true, withinMs: GATEWAY_DEADLINE_MS });
        await gateway.start();
      });
    }
    for (const control of cluster.controls) {
      await stage.fault(`${control.name}: SIGTERM, then started again`, () => control.restart());
    }
  },
};
