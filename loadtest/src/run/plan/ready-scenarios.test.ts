import { describe, expect, it } from 'vitest';
import { planRun } from './plan.ts';
import { loadScenario, readyScenarios } from '../../scenario/adapters/scenario-files.ts';
import { ScenarioRefused } from '../../scenario/refused.ts';

describe('the ready scenarios', () => {
  it('are there and right', () => {
    expect(readyScenarios().map(({ name }) => name)).toEqual([
      ...['audio-room', 'churn', 'idle-connections', 'join-storm', 'meeting', 'soak', 'webinar'],
    ]);
  });

  it.each(readyScenarios().map((scenario) => [scenario.name, scenario] as const))(
    '%s can be played',
    (_, scenario) => {
      const plan = planRun(scenario, { roomPrefix: '', gateways: 1 });
      expect(plan.joins).toBeGreaterThan(0);
      expect(plan.fullFromMs).toBeLessThan(scenario.duration);
      expect(Object.keys(scenario.thresholds).length).toBeGreaterThan(0);
    },
  );
});

it('suggests a ready scenario for a name that is none', () => {
  expect(() => loadScenario('meting', '/')).toThrow(
    new ScenarioRefused('there is no scenario meting; did you mean meeting?'),
  );
});
