import { parseArgs } from 'node:util';
import { listed, oneOf, parsedOrRefused, wholeNumber, type Parsed } from '../command-line/parsed.ts';

export interface ChaosArguments {
  readonly scenario: string;
  readonly json: boolean;
  /** The form that tests run: little of what a round waits for. */
  readonly short: boolean;
  /** Default: the scenario's own. */
  readonly rounds: number | undefined;
  readonly seed: number | undefined;
  /** How long it runs; only of `random`, which has no number of rounds of its own. */
  readonly minutes: number | undefined;
}

/** The scenario that runs for a time. */
const TIMED = 'random';
const DEFAULT_MINUTES = 10;

export function usage(scenarios: readonly { readonly name: string; readonly what: string }[]): string {
  return `Usage: npm run chaos -- SCENARIO [--json] [--rounds N] [--seed N] [--minutes N] [--short]

Breaks a cluster of its own under a running call, and measures at the receivers what it does to them.
Exit code 1 when something that must hold does not. Some scenarios need root, for hosts of their own.

${listed(scenarios)}

  --json       print the figures as one JSON document, as the last line
  --rounds N   how often; default: as the scenario says
  --seed N     repeat a run's choices
  --minutes N  how long \`${TIMED}\` runs; default ${DEFAULT_MINUTES}
  --short      short waits and outages, as in \`npm test\`, judged by the same bounds`;
}

/** `names`: the scenarios that there are. */
export function parseChaosArguments(
  args: readonly string[],
  names: readonly string[],
): Parsed<{ readonly kind: 'run'; readonly chaos: ChaosArguments }> {
  return parsedOrRefused(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        short: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const scenario = oneOf(names, positionals, 'scenario');
    const { json, short, rounds, seed, minutes } = values;
    const chaos = {
      ...{ scenario, json, short },
      rounds: rounds === undefined ? undefined : wholeNumber('rounds', rounds),
      seed: seed === undefined ? undefined : wholeNumber('seed', seed),
      minutes: minutesOf(scenario, minutes),
    };
    return { kind: 'run', chaos };
  });
}

function minutesOf(scenario: string, given: string | undefined): number | undefined {
  if (scenario === TIMED) return given === undefined ? DEFAULT_MINUTES : wholeNumber('minutes', given);
  if (given === undefined) return undefined;
  throw new Error(`--minutes is for ${TIMED}; ${scenario} takes --rounds`);
}
