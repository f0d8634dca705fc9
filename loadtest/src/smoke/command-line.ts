import type { DefineProgram } from '../cli/command-line.ts';

export interface SmokeArguments {
  readonly json: boolean;
  /** A cluster that runs already. */
  readonly target: { readonly url: string; readonly controlAddress: string } | undefined;
}

export interface SmokeCommand {
  readonly kind: 'run';
  readonly smoke: SmokeArguments;
}

interface SmokeOptions {
  readonly json: boolean;
  readonly url?: string;
  readonly control: string;
}

export const defineSmoke: DefineProgram<SmokeCommand> = (program, ask) =>
  program
    .name('npm run smoke --')
    .description(
      'Puts three headless browsers on three media nodes and checks that each sees and hears the others. Starts a cluster of ' +
        'its own, or uses the one whose gateway is at --url and whose control service (gRPC) is at --control.',
    )
    .option('--json', 'print the figures as one JSON document, as the last line', false)
    .option('--url <url>', 'a gateway of a running cluster, such as http://localhost:8080')
    .option('--control <address>', 'control of that cluster', '127.0.0.1:7000')
    .addHelpText('after', '\nExit code 1 when something is wrong.')
    .action(({ json, url, control: controlAddress }: SmokeOptions) => {
      if (url !== undefined && !/^https?:\/\//.test(url))
        throw new Error(`--url ${url} is not a URL starting with http:// or https://`);
      const target = url === undefined ? undefined : { url: url.replace(/\/$/, ''), controlAddress };
      ask({ kind: 'run', smoke: { json, target } });
    });
