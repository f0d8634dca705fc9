import { MINUTES_MS, OUTAGE, type Scenario } from '../stage/scenario.ts';

export const controlKill: Scenario = {
  name: 'control-kill',
  what: 'Control dies; calls and joins work without it.',
  ...OUTAGE,
  // Joins need no control: nothing has to be found again.
  bounds: { ...OUTAGE.bounds, recoverMs: { p95: 500, max: 1_000 } },
  rounds: 4,

  async fault(stage) {
    const { controls } = stage.cluster;
    await stage.fault('control: SIGKILL', () => Promise.all(controls.map((control) => control.kill())));
    await stage.hold({ firstMs: MINUTES_MS, longMs: 5_000, shortMs: 500 });
    await stage.measureProbeJoin();
    stage.afterwards('control: started again', () => Promise.all(controls.map((control) => control.start())));
  },
};
