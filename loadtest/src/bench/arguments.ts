import { parseArgs } from 'node:util';
import { listed, oneOf, parsedOrRefused, wholeNumber, type Parsed } from '../command-line/parsed.ts';

export interface BenchArguments {
  readonly bench: string;
  readonly json: boolean;
  readonly short: boolean;
  /** Exit code 1 when a budget is not met. */
  readonly check: boolean;
  readonly seed: number;
}

const DEFAULT_SEED = 1;

export function usage(benches: readonly { readonly name: string; readonly what: string }[]): string {
  return `Usage: npm run bench -- NAME [--json] [--short] [--check] [--seed N]

Measures one thing on this machine, with a baseline in the same run. Nothing else should run meanwhile.

${listed(benches)}

  --json    print the figures as one JSON object, as the last line
  --short   only see that it works: little load for a short time, budgets are not judged
  --check   exit code 1 when a budget is not met
  --seed N  repeat a run's choices; default ${DEFAULT_SEED}`;
}

/** `names`: the benches that there are. */
export function parseBenchArguments(
  args: readonly string[],
  names: readonly string[],
): Parsed<{ readonly kind: 'run'; readonly args: BenchArguments }> {
  return parsedOrRefused(() => {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        short: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
        seed: { type: 'string', default: String(DEFAULT_SEED) },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return { kind: 'help' };
    const bench = oneOf(names, positionals, 'bench');
    const { json, short, check } = values;
    return { kind: 'run', args: { bench, json, short, check, seed: wholeNumber('seed', values.seed) } };
  });
}
