import { parseArgs } from 'node:util';

export interface ChaosArguments {
  readonly scenario: string;
  readonly json: boolean;
  /** Default: the scenario's own. */
  readonly rounds: number | undefined;
  readonly seed: number | undefined;
  /** How long `random` runs. */
  readonly minutes: number;
}

export type Parsed =
  | { readonly kind: 'run'; readonly chaos: ChaosArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly why: string };

const DEFAULT_MINUTES = 10;

export function usage(scenarios: readonly { readonly name: string; readonly what: string }[]): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length)) + 2;
  return `Usage: npm run chaos -- SCENARIO [--json] [--rounds N] [--seed N] [--minutes N]

Breaks a cluster of its own under a running call, and measures at the receivers what it does to them.
Exit code 1 when something that must hold does not. Some scenarios need root, for hosts of their own.

${scenarios.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n')}

  --json       print the figures as one JSON document, as the last line
  --rounds N   how often; default: as the scenario says
  --seed N     repeat a run's choices
  --minutes N  how long \`random\` runs; default ${DEFAULT_MINUTES}`;
}

/** `names`: the scenarios that there are. */
export function parseChaosArguments(args: readonly string[], names: readonly string[]): Parsed {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        rounds: { type: 'string' },
        seed: { type: 'string' },
        minutes: { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const [scenario, ...more] = positionals;
    if (scenario === undefined) return { kind: 'refused', why: 'which scenario?' };
    if (more.length > 0) return { kind: 'refused', why: `one scenario at a time: ${positionals.join(' ')}` };
    if (!names.includes(scenario)) return { kind: 'refused', why: `there is no scenario ${scenario}` };
    const chaos = {
      ...{ scenario, json: values.json },
      rounds: positive('rounds', values.rounds),
      seed: positive('seed', values.seed),
      minutes: positive('minutes', values.minutes) ?? DEFAULT_MINUTES,
    };
    return { kind: 'run', chaos };
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}

function positive(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new Error(`--${option} ${text} is not a whole number from 1 on`);
  return Number(text);
}
