import type { DefineProgram } from '../cli/command-line.ts';
import { listed, oneOf, wholeNumber } from '../cli/values.ts';

export interface BenchArguments {
  readonly bench: string;
  readonly json: boolean;
  readonly short: boolean;
  /** Exit code 1 when a budget is not met. */
  readonly check: boolean;
  readonly seed: number;
}

export interface BenchCommand {
  readonly kind: 'run';
  readonly args: BenchArguments;
}

const DEFAULT_SEED = 1;

/** `benches`: those that there are. */
export function defineBench(
  benches: readonly { readonly name: string; readonly what: string }[],
): DefineProgram<BenchCommand> {
  return (program, ask) =>
    program
      .name('npm run bench --')
      .description(
        'Measures one thing on this machine, with a baseline in the same run. Nothing else should run meanwhile.',
      )
      .argument('<bench...>', 'one of those below')
      .option('--json', 'print the figures as one JSON object, as the last line', false)
      .option(
        '--short',
        'only check that it works: little load for a short time, budgets are not judged',
        false,
      )
      .option('--check', 'exit with 1 when a budget is not met', false)
      .option('--seed <n>', "repeat a run's choices", wholeNumber('seed'), DEFAULT_SEED)
      .addHelpText('after', `\nBenches:\n${listed(benches)}`)
      .action((given: readonly string[], options: Omit<BenchArguments, 'bench'>) => {
        const names = benches.map(({ name }) => name);
        ask({ kind: 'run', args: { bench: oneOf(names, given, 'bench'), ...options } });
      });
}
