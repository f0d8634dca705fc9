import { SILENT } from '../judging/bounds.ts';
import { SIX_ON_THREE, type Scenario } from '../stage/scenario.ts';

export const nodeHang: Scenario = {
  name: 'node-hang',
  what: 'A media node stops answering but keeps its sockets (SIGSTOP); later it comes to itself.',
  setting: SIX_ON_THREE,
  rounds: 4,
  recovers: 'media',
  impact: 'certain',
  bounds: SILENT,

  async fault(stage) {
    const node = await stage.busyNode();
    const workers = stage.random() < 0.7 ? await stage.workersOf(node) : [];
    // Workers that keep running forward their media until everybody receives it from elsewhere.
    if (workers.length === 0) stage.impact = 'possible';
    await stage.fault(`${node.name}${workers.length > 0 ? ' and its workers' : ''}: SIGSTOP`, async () => {
      await node.freeze();
      for (const worker of workers) stage.signal(worker, 'SIGSTOP');
    });
    stage.afterwards(`${node.name}: SIGCONT, with sessions that others have now`, async () => {
      await stage.hold({ longMs: 5_000, shortMs: 500 });
      for (const worker of workers) stage.signal(worker, 'SIGCONT');
      node.thaw();
    });
  },
};
