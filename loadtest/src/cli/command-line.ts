import { Command, CommanderError, Help, type Option } from 'commander';

/** What a command line asks for. `Asked`: what the tool does beside telling how it is used, by `kind`. */
export type Parsed<Asked extends { readonly kind: string }> =
  | Asked
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'refused'; readonly why: string };

/**
 * Describes a tool's commands, arguments and options on a fresh program. Its actions pass what was asked for to `ask`; they
 * and its parsers of values throw an `Error` to refuse the command line, with the reason as its message.
 */
export type DefineProgram<Asked extends { readonly kind: string }> = (
  program: Command,
  ask: (asked: Asked) => void,
) => void;

/** Why there is no such command, where a tool knows better than "did you mean ...?". */
export type ExplainCommand = (given: string) => string | undefined;

/** Parses `args` (without the program's own path). Never prints, never exits. */
export function parseCommandLine<Asked extends { readonly kind: string }>(
  define: DefineProgram<Asked>,
  args: readonly string[],
  explainCommand: ExplainCommand = () => undefined,
): Parsed<Asked> {
  let asked: Asked | undefined;
  let text = '';
  const program = newProgram((more) => (text += more));
  define(program, (one) => (asked = one));
  const commands = commandNames(program);
  if (args.length === 0 && commands.length > 0)
    return { kind: 'refused', why: `what to do? ${commands.join(', ')}` };
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return { kind: 'help', text };
    return { kind: 'refused', why: reasonOf(error, program, { args, explainCommand }) };
  }
  return asked ?? { kind: 'refused', why: 'nothing was asked for' };
}

/** How the tool is used, as `--help` prints it. */
export function usageOf<Asked extends { readonly kind: string }>(define: DefineProgram<Asked>): string {
  const program = newProgram(() => undefined);
  define(program, () => undefined);
  return program.helpInformation();
}

function newProgram(write: (text: string) => void): Command {
  return new Command()
    .exitOverride()
    .configureOutput({ writeOut: write, writeErr: () => undefined })
    .configureHelp({ helpWidth: 120, optionDescription });
}

/** Without the defaults of switches and lists, which say nothing. */
function optionDescription(option: Option): string {
  if (option.defaultValue === false || Array.isArray(option.defaultValue)) return option.description;
  return Help.prototype.optionDescription.call(new Help(), option);
}

function commandNames(program: Command): string[] {
  const names = program.commands.map((command) => command.name());
  return names.length === 0 ? [] : [...names, 'help'];
}

/** Commander's own messages, in the words of our tools. */
function reasonOf(
  error: unknown,
  program: Command,
  { args, explainCommand }: { readonly args: readonly string[]; readonly explainCommand: ExplainCommand },
): string {
  if (!(error instanceof CommanderError)) return error instanceof Error ? error.message : String(error);
  const [, given = ''] = /'([^']*)'/.exec(error.message) ?? [];
  const [, meant] = /\(Did you mean (.*)\?\)/.exec(error.message) ?? [];
  const command = program.commands.find((one) => one.name() === args[0]);
  switch (error.code) {
    case 'commander.unknownOption':
      return `there is no option ${given}${meant ? `; did you mean ${meant}?` : ''}`;
    case 'commander.unknownCommand':
      return (
        explainCommand(given) ??
        `there is no command ${given}; ${meant ? `did you mean ${meant}?` : `there are ${commandNames(program).join(', ')}`}`
      );
    case 'commander.missingArgument':
      return command ? `${command.name()} which ${given}?` : `which ${given}?`;
    default:
      return error.message.replace(/^error: /, '');
  }
}
