import { SILENT } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const nodeCutOff: Scenario = {
  name: 'node-cut-off',
  what: "A media node's host loses its network, both ways; later it has it again.",
  setting: { ...SIX_ON_THREE, hosts: 'network' },
  rounds: 4,
  recovers: 'media',
  impact: 'certain',
  bounds: SILENT,

  async fault(stage) {
    const node = await stage.busyNode();
    await stage.fault(`${node.name}: network gone`, () => stage.network.cut(node.name));
    stage.afterwards(`${node.name}: network back`, async () => {
      await stage.hold({ longMs: 5_000, shortMs: 500 });
      await stage.network.heal();
    });
  },
};
