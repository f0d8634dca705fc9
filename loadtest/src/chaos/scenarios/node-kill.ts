import { KILLED } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const nodeKill: Scenario = {
  name: 'node-kill',
  what: 'A media node that carries people is killed.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'media',
  impact: 'certain',
  bounds: KILLED,

  async fault(stage) {
    const node = await stage.busyNode();
    await stage.fault(`${node.name}: SIGKILL`, () => node.kill());
    stage.afterwards(`${node.name}: started again`, () => node.start());
  },
};
