import { KILLED } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const controlSplit: Scenario = {
  name: 'control-split',
  what: 'The leading control hangs until another one leads; it resumes while a media node is killed.',
  setting: { ...SIX_ON_THREE, controls: 2 },
  rounds: 4,
  recovers: 'media',
  impact: 'certain',
  // As for `node-kill`: the control that decides when the node dies is one that runs.
  bounds: KILLED,

  async fault(stage) {
    const held = await stage.leadingControl();
    await stage.mend(`${held.name}, which decides: SIGSTOP`, () => held.freeze());
    let thawed = false;
    const thaw = async (): Promise<void> => {
      if (!thawed) held.thaw();
      thawed = true;
    };
    stage.afterwards(`${held.name} runs`, thaw);
    const leading = await stage.leadingControl(held);
    stage.say(`${leading.name} decides now`);
    const node = await stage.busyNode();
    stage.afterwards(`${node.name}: started again`, () => node.start());
    await stage.fault(`${node.name}: SIGKILL; ${held.name}: SIGCONT`, () =>
      Promise.all([node.kill(), thaw()]),
    );
  },
};
