import { eventually } from '@skein/testkit';
import { REPLACED } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

const CONTROL_DEADLINE_MS = 10_000;
const DEADLINE_MS = 60_000;

export const nodeDrain: Scenario = {
  name: 'node-drain',
  what: 'A media node is drained, by an operator or by SIGTERM, and exits when it is empty.',
  setting: { ...SIX_ON_THREE, env: { SKEIN_NODE_DRAIN_DEADLINE_MS: String(DEADLINE_MS) } },
  rounds: 4,
  recovers: 'media',
  impact: 'possible',
  bounds: REPLACED,

  async fault(stage) {
    const node = await stage.busyNode();
    const bySignal = stage.random() < 0.5;
    await stage.fault(`${node.name}: ${bySignal ? 'SIGTERM' : 'skeinctl node drain'}`, async () => {
      // A control that was started again a moment ago is reached at the second try.
      if (!bySignal)
        await eventually(
          'control to take the drain',
          async () => (await stage.probe.drainNode(node.nodeId, DEADLINE_MS), true),
          { deadlineMs: CONTROL_DEADLINE_MS },
        );
      await stage.endsByItself(node, { bySignal, withinMs: DEADLINE_MS });
    });
    stage.afterwards(`${node.name}: started again`, () => node.start());
  },
};
