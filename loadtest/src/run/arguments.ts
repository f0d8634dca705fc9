import { parseArgs } from 'node:util';
import { parsedOrRefused, wholeNumber, type Parsed } from '../command-line/parsed.ts';
import { suggest } from '../scenario/suggestion.ts';

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
type Asked =
  | { readonly kind: 'run'; readonly run: RunArguments }
  | { readonly kind: 'validate'; readonly scenario: string }
  | { readonly kind: 'list' };

export const usage = `Usage: npm run loadtest -- run SCENARIO [--url URL] [--json FILE] [--report FILE.html] [--seed N]
       npm run loadtest -- validate SCENARIO
       npm run loadtest -- list

Puts load on a cluster with real WebRTC clients, and measures at them and in the cluster. SCENARIO is a YAML file or the
name of a ready scenario. Exit code 1 when a threshold of the scenario is not met or the run is not whole, 2 when the
scenario or the command line is wrong, 130 after Ctrl-C.

  --url URL      a gateway of a cluster that runs, such as https://meet.example.com; repeat it for more gateways.
                 Without it a cluster of its own is started, and what that costs is measured too
  --control ADDR control of that cluster, HOST:PORT: how many pipes and sessions it holds is told too
  --json FILE    write everything that was measured, as JSON
  --report FILE  write a report to look at in a browser
  --seed N       repeat a run's choices; default: the scenario's`;

const COMMANDS = ['run', 'validate', 'list', 'help'] as const;
const OPTIONS = {
  url: { type: 'string', multiple: true, default: [] as string[] },
  control: { type: 'string' },
  json: { type: 'string' },
  report: { type: 'string' },
  seed: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

export function parseLoadArguments(args: readonly string[]): Parsed<Asked> {
  const unknown = unknownOption(args);
  if (unknown !== undefined) return { kind: 'refused', why: unknown };
  return parsedOrRefused(() => {
    const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
    if (values.help) return { kind: 'help' };
    const [command, scenario, ...more] = positionals;
    if (command === undefined) return { kind: 'refused', why: `what to do? ${COMMANDS.join(', ')}` };
    if (command === 'help' || command === 'list') return { kind: command };
    if (command !== 'run' && command !== 'validate') return { kind: 'refused', why: unknownCommand(command) };
    if (scenario === undefined) return { kind: 'refused', why: `${command} which scenario?` };
    if (more.length > 0)
      return { kind: 'refused', why: `one scenario at a time: ${[scenario, ...more].join(' ')}` };
    if (command === 'validate') return { kind: 'validate', scenario };
    const { url: urls, control, json, report } = values;
    if (json !== undefined && json === report)
      return { kind: 'refused', why: `--json and --report would both write ${json}` };
    const seed = values.seed === undefined ? undefined : wholeNumber('seed', values.seed);
    return { kind: 'run', run: { scenario, urls, control, json, report, seed } };
  });
}

function unknownOption(args: readonly string[]): string | undefined {
  const known = Object.keys(OPTIONS);
  const name = args
    .filter((arg) => arg.startsWith('--') && arg.length > 2)
    .map((arg) => arg.slice(2).split('=')[0] ?? '')
    .find((option) => !known.includes(option));
  if (name === undefined) return undefined;
  const meant = suggest(name, known);
  return `there is no option --${name}${meant ? `; did you mean --${meant}?` : ''}`;
}

function unknownCommand(command: string): string {
  const meant = suggest(command, COMMANDS);
  if (/\.ya?ml$/.test(command)) return `write \`run ${command}\``;
  return `there is no command ${command}${meant ? `; did you mean ${meant}?` : `; there are ${COMMANDS.join(', ')}`}`;
}
