import type { Command } from 'commander';
import type { DefineProgram, ExplainCommand } from '../cli/command-line.ts';
import { onlyOne, wholeNumber } from '../cli/values.ts';

export interface RunArguments {
  /** A file, or the name of a ready scenario. */
  readonly scenario: string;
  readonly urls: readonly string[];
  readonly control: string | undefined;
  readonly json: string | undefined;
  readonly report: string | undefined;
  readonly seed: number | undefined;
}

/** What the load tool is asked to do. */
export type LoadCommand =
  | { readonly kind: 'run'; readonly run: RunArguments }
  | { readonly kind: 'validate'; readonly scenario: string }
  | { readonly kind: 'list' };

interface RunOptions {
  readonly url: readonly string[];
  readonly control?: string;
  readonly json?: string;
  readonly report?: string;
  readonly seed?: number;
}

export const defineLoadtest: DefineProgram<LoadCommand> = (program, ask) => {
  program
    .name('npm run loadtest --')
    .description(
      'Puts load on a cluster with real WebRTC clients, and measures at them and in the cluster. SCENARIO is a YAML file or ' +
        'the name of a ready scenario.',
    )
    .addHelpText(
      'after',
      '\nExit codes: 1 when a threshold is not met or the run is not whole, 2 when the scenario or the command line is wrong, ' +
        '130 after Ctrl-C.',
    );
  defineRun(program, ask);
  program
    .command('validate')
    .description('check a scenario without running it')
    .argument('<scenario...>')
    .action((given: readonly string[]) => ask({ kind: 'validate', scenario: onlyOne(given, 'scenario') }));
  program
    .command('list')
    .description('list the ready scenarios')
    .action(() => ask({ kind: 'list' }));
};

function defineRun(program: Command, ask: (asked: LoadCommand) => void): void {
  program
    .command('run')
    .description('run a scenario')
    .argument('<scenario...>')
    .option(
      '--url <url>',
      'a gateway of a running cluster, such as https://meet.example.com; repeat it for more gateways. Without it the tool ' +
        'starts a cluster of its own, and measures its cost too',
      (url: string, before: readonly string[]) => [...before, url],
      [],
    )
    .option(
      '--control <address>',
      'control of that cluster, HOST:PORT: its pipes and sessions are reported too',
    )
    .option('--json <file>', 'write all measurements as JSON')
    .option('--report <file>', 'write an HTML report')
    .option('--seed <n>', "repeat a run's choices (default: the scenario's)", wholeNumber('seed'))
    .action((given: readonly string[], { url: urls, control, json, report, seed }: RunOptions) => {
      const scenario = onlyOne(given, 'scenario');
      if (json !== undefined && json === report)
        throw new Error(`--json and --report would both write ${json}`);
      ask({ kind: 'run', run: { scenario, urls, control, json, report, seed } });
    });
}

/** A file in the place of a command. */
export const explainLoadCommand: ExplainCommand = (given) =>
  /\.ya?ml$/.test(given) ? `write \`run ${given}\`` : undefined;
