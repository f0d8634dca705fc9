import { SILENT } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const workerHang: Scenario = {
  name: 'worker-hang',
  what: 'A mediasoup worker stops answering and forwarding (SIGSTOP), under a running node.',
  setting: SIX_ON_THREE,
  rounds: 5,
  recovers: 'media',
  impact: 'certain',
  bounds: SILENT,

  async fault(stage) {
    const node = await stage.busyNode();
    const worker = stage.pick(await stage.workersOf(node));
    await stage.fault(`a worker of ${node.name}: SIGSTOP`, async () => stage.signal(worker, 'SIGSTOP'));
  },
};
