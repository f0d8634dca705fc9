import {
  FaultBench,
  runRound,
  scenarios,
  SIX_ON_THREE,
  type CompositeScenario,
  type Scenario,
  type Setting,
} from '@skein/loadtest/chaos';
import { seededRandom } from '@skein/runtime';
import { afterAll, beforeAll, expect, it } from 'vitest';

const ROUND_DEADLINE_MS = 120_000;
const OPEN_DEADLINE_MS = 90_000;
const SEED = 1;

/** The short form of these scenarios, one round each, one after another on the same call of four people. */
export function holdsThrough(names: readonly string[], setting: Partial<Setting> = {}): void {
  let bench: FaultBench | undefined;
  const lines: string[] = [];
  let played = 0;
  let held = 0;
  let leftNothing = false;

  beforeAll(async () => {
    const random = seededRandom(SEED);
    const whole = { ...SIX_ON_THREE, clients: 4, ...setting };
    bench = await FaultBench.open({ setting: whole, form: 'short', random, say: (line) => lines.push(line) });
  }, OPEN_DEADLINE_MS);

  afterAll(async () => {
    if (held === names.length && leftNothing) bench?.discardLogs();
    await bench?.[Symbol.asyncDispose]();
  });

  it.each(names)(
    '%s',
    async (name) => {
      const { stage, violations } = bench!;
      const before = violations.length;
      const { failed } = await runRound(scenario(name), { ...stage, round: ++played });
      const broken = violations.slice(before);
      // How fast it was is the long form's to judge, on a machine that does nothing else.
      const holds = failed.length === 0 && broken.length === 0;
      expect({ failed, broken, log: holds ? [] : lines }).toEqual({ failed: [], broken: [], log: [] });
      held++;
    },
    ROUND_DEADLINE_MS,
  );

  it(
    'leaves nothing behind, neither while the call runs nor when everybody has gone',
    async () => {
      const { violations } = bench!;
      const before = violations.length;
      const open = await bench!.settle();
      const leaks = await bench!.leaks();
      const broken = violations.slice(before);
      const holds = broken.length + open.length + leaks.length === 0;
      expect({ broken, open, leaks, log: holds ? [] : lines }).toEqual({
        ...{ broken: [], open: [], leaks: [], log: [] },
      });
      leftNothing = true;
    },
    ROUND_DEADLINE_MS,
  );
}

function scenario(name: string): Scenario | CompositeScenario {
  const found = scenarios.find((one) => one.name === name);
  if (!found) throw new Error(`there is no scenario ${name}`);
  return found;
}
