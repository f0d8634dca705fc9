import type { DefineProgram } from '../cli/command-line.ts';
import { listed, oneOf, wholeNumber } from '../cli/values.ts';

export interface ChaosArguments {
  readonly scenario: string;
  readonly json: boolean;
  /** The form that tests run: short waits. */
  readonly short: boolean;
  /** Default: the scenario's own. */
  readonly rounds: number | undefined;
  readonly seed: number | undefined;
  /** How long it runs; only for `random`, which has no number of rounds of its own. */
  readonly minutes: number | undefined;
}

export interface ChaosCommand {
  readonly kind: 'run';
  readonly chaos: ChaosArguments;
}

interface ChaosOptions {
  readonly json: boolean;
  readonly short: boolean;
  readonly rounds?: number;
  readonly seed?: number;
  readonly minutes?: number;
}

/** The scenario that runs for a time. */
const TIMED = 'random';
const DEFAULT_MINUTES = 10;

/** `scenarios`: those that there are. */
export function defineChaos(
  scenarios: readonly { readonly name: string; readonly what: string }[],
): DefineProgram<ChaosCommand> {
  return (program, ask) =>
    program
      .name('npm run chaos --')
      .description(
        'Breaks a cluster of its own under a running call, and measures the impact at the receivers. Some scenarios need root, ' +
          'for hosts of their own.',
      )
      .argument('<scenario...>', 'one of those below')
      .option('--json', 'print the figures as one JSON document, as the last line', false)
      .option('--rounds <n>', 'how often (default: as the scenario says)', wholeNumber('rounds'))
      .option('--seed <n>', "repeat a run's choices", wholeNumber('seed'))
      .option(
        '--minutes <n>',
        `how long \`${TIMED}\` runs (default: ${DEFAULT_MINUTES})`,
        wholeNumber('minutes'),
      )
      .option('--short', 'short waits and outages, as in `npm test`, judged by the same bounds', false)
      .addHelpText(
        'after',
        `\nExit code 1 when something that must hold does not.\n\nScenarios:\n${listed(scenarios)}`,
      )
      .action((given: readonly string[], { json, short, rounds, seed, minutes }: ChaosOptions) => {
        const names = scenarios.map(({ name }) => name);
        const scenario = oneOf(names, given, 'scenario');
        const chaos = { scenario, json, short, rounds, seed, minutes: minutesOf(scenario, minutes) };
        ask({ kind: 'run', chaos });
      });
}

function minutesOf(scenario: string, given: number | undefined): number | undefined {
  if (scenario === TIMED) return given ?? DEFAULT_MINUTES;
  if (given === undefined) return undefined;
  throw new Error(`--minutes is for ${TIMED}; ${scenario} takes --rounds`);
}
