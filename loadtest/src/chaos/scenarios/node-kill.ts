import { KILLED, SIX_ON_THREE, type Scenario } from '../scenario.ts';

export const nodeKill: Scenario = {
  name: 'node-kill',
  what: 'A media node that carries people is killed.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'media',
  felt: 'always',
  bounds: KILLED,

  async fault(stage) {
    const node = await stage.busyNode();
    await stage.fault(`${node.name}: SIGKILL`, () => node.kill());
    stage.afterwards(`${node.name}: started again`, () => node.start());
  },
};
