import { parseArgs } from 'node:util';

export interface BenchArguments {
  readonly bench: string;
  readonly json: boolean;
  readonly short: boolean;
  /** Exit code 1 when a budget is not met. */
  readonly check: boolean;
  readonly seed: number;
}

export type Parsed =
  | { readonly kind: 'run'; readonly args: BenchArguments }
  | { readonly kind: 'help' }
  | { readonly kind: 'refused'; readonly why: string };

const DEFAULT_SEED = 1;

export function usage(benches: readonly { readonly name: string; readonly what: string }[]): string {
  const width = Math.max(...benches.map(({ name }) => name.length)) + 2;
  return `Usage: npm run bench -- NAME [--json] [--short] [--check] [--seed N]

Measures one thing on this machine, with a baseline in the same run. Nothing else should run meanwhile.

${benches.map(({ name, what }) => `  ${name.padEnd(width)}${what}`).join('\n')}

  --json    print the figures as one JSON object, as the last line
  --short   only see that it works: little load for a short time, budgets are not judged
  --check   exit code 1 when a budget is not met
  --seed N  repeat a run's choices; default ${DEFAULT_SEED}`;
}

/** `names`: the benches that there are. */
export function parseBenchArguments(args: readonly string[], names: readonly string[]): Parsed {
  try {
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
    const [bench, ...more] = positionals;
    if (bench === undefined) return { kind: 'refused', why: 'which bench?' };
    if (more.length > 0) return { kind: 'refused', why: `one bench at a time: ${positionals.join(' ')}` };
    if (!names.includes(bench)) {
      return { kind: 'refused', why: `there is no bench ${bench}; there are ${names.join(', ')}` };
    }
    if (!/^[1-9]\d{0,8}$/.test(values.seed)) {
      return { kind: 'refused', why: `--seed ${values.seed} is not a whole number from 1 on` };
    }
    const { json, short, check, seed } = values;
    return { kind: 'run', args: { bench, json, short, check, seed: Number(seed) } };
  } catch (error) {
    return { kind: 'refused', why: error instanceof Error ? error.message : String(error) };
  }
}
