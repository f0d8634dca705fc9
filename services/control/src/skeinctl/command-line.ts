import { Command, CommanderError, Option } from 'commander';
import { type Ask, type CommandSpec, sharedOptions, UsageError } from './command.ts';
import { COMPLETE } from './completion-scripts.ts';
import { readHostPort } from '@skein/runtime';

/** What a command line asks for. */
export type Request =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'usageError'; readonly problem: string; readonly help: string }
  | { readonly kind: 'ask'; readonly ask: Ask; readonly json: boolean; readonly control: string }
  /** A shell asks for candidates for the last word. */
  | { readonly kind: 'complete'; readonly words: readonly string[]; readonly control: string };

interface SharedValues {
  readonly json?: true;
  readonly control?: string;
}

const DEFAULT_CONTROL = '127.0.0.1:7000';
const ABOUT = 'Shows what a Skein cluster does, and moves its sessions, through its control service.';
const CLOSING =
  'Times are UTC. Exit code: 0; 1 when the request failed; 2 when the command line was not understood.';

/** Reads a command line. Never throws for what a user may write. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  commands: readonly CommandSpec[],
): Request {
  const environmentControl = env['SKEIN_CONTROL'] || DEFAULT_CONTROL;
  if (args[0] === COMPLETE) {
    const words = args.slice(args[1] === '--' ? 2 : 1);
    return { kind: 'complete', words, control: controlOf(words) ?? environmentControl };
  }
  const written = { out: '', problem: '' };
  let request: Request | undefined;
  const program = programOf(commands, (spec, command) => {
    const { json = false, control = environmentControl } = command.optsWithGlobals<SharedValues>();
    if (!readHostPort(control))
      throw new UsageError(`${JSON.stringify(control)} is not HOST:PORT, or [IPV6]:PORT`);
    const ask = spec.prepare({ arguments: command.args, options: command.opts() });
    request = { kind: 'ask', ask, json, control };
  });
  for (const command of withSubcommands(program)) {
    command.exitOverride().configureOutput({
      writeOut: (text) => void (written.out += text),
      writeErr: () => {},
      outputError: (text) => void (written.problem += text),
    });
  }
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    return refusalOf(error, written, program);
  }
  return request ?? { kind: 'usageError', problem: 'a command is missing', help: program.helpInformation() };
}

function refusalOf(
  error: unknown,
  written: { readonly out: string; readonly problem: string },
  program: Command,
): Request {
  const help = program.helpInformation();
  if (error instanceof UsageError) return { kind: 'usageError', problem: error.message, help };
  if (!(error instanceof CommanderError)) throw error;
  if (error.code === 'commander.helpDisplayed' || (error.code === 'commander.help' && error.exitCode === 0))
    return { kind: 'help', text: written.out.trimEnd() };
  if (error.code === 'commander.help') return { kind: 'usageError', problem: 'a command is missing', help };
  const problem = written.problem.replace(/^error: /, '').trim();
  return { kind: 'usageError', problem: problem.replaceAll(/\s*\n\s*/g, ' '), help };
}

/** The commander program of a table of commands. */
function programOf(
  commands: readonly CommandSpec[],
  run: (spec: CommandSpec, command: Command) => void,
): Command {
  const program = new Command('skeinctl')
    .description(ABOUT)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', `\n${CLOSING}`);
  for (const { name, value, description } of sharedOptions)
    program.addOption(new Option(`--${name}${value ? ` <${value}>` : ''}`, description));
  const groups = new Map<string, Command>();
  for (const spec of commands) addCommand(groupOf(program, groups, spec), spec, run);
  return program;
}

/** `node` of `node drain`. */
function groupOf(program: Command, groups: Map<string, Command>, { path }: CommandSpec): Command {
  const [group, action] = path;
  if (group === undefined || action === undefined) return program;
  const known = groups.get(group) ?? program.command(group).summary(`actions on one ${group}`);
  known.description(`Actions on one ${group}.`);
  groups.set(group, known);
  return known;
}

function addCommand(
  parent: Command,
  spec: CommandSpec,
  run: (spec: CommandSpec, command: Command) => void,
): void {
  const { path, summary, details, arguments: specs, options, examples } = spec;
  const command = parent
    .command(path.at(-1) ?? '')
    .summary(summary)
    .description(details ? `${capitalized(summary)}.\n\n${details}` : `${capitalized(summary)}.`);
  for (const { name, description } of specs) command.argument(`<${name}>`, description);
  for (const { name, value, description } of options)
    command.addOption(new Option(`--${name} <${value}>`, description));
  const lines = examples.map(({ line, does }) => `  ${line}\n      ${does}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
  command.action(() => run(spec, command));
}

function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

function* withSubcommands(command: Command): Generator<Command> {
  yield command;
  for (const one of command.commands) yield* withSubcommands(one);
}

/** The address among words that a shell has split. */
function controlOf(words: readonly string[]): string | undefined {
  const at = words.indexOf('--control');
  const inline = words.find((word) => word.startsWith('--control='))?.slice('--control='.length);
  return (at < 0 ? undefined : words[at + 1]) ?? inline;
}
