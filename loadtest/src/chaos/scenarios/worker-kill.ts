import { KILLED } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const workerKill: Scenario = {
  name: 'worker-kill',
  what: 'A mediasoup worker dies under a running node.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'media',
  impact: 'certain',
  bounds: KILLED,

  async fault(stage) {
    const node = await stage.busyNode();
    const worker = stage.pick(await stage.workersOf(node));
    await stage.fault(`a worker of ${node.name}: SIGKILL`, async () => stage.signal(worker, 'SIGKILL'));
  },
};
