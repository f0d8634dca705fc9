import { type CommandSpec, type CompletionSource, sharedOptions } from './command.ts';

/** Reads names from control for a shell; empty when control does not answer soon. */
export type ReadNames = (source: 'nodes' | 'rooms') => Promise<readonly string[]>;

/**
 * The candidates for the last of `words`, which follow `skeinctl` on the command line; the last one may be empty. Sorted as the
 * table of commands is.
 */
export async function completionsOf(
  words: readonly string[],
  commands: readonly CommandSpec[],
  readNames: ReadNames,
): Promise<readonly string[]> {
  const current = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const typed = withoutOptions(before, commands);
  if (isOptionWithValue(before.at(-1), commands)) return [];
  const command = commands.find(({ path }) => path.every((word, at) => typed[at] === word));
  const candidates = current.startsWith('-')
    ? optionsOf(command)
    : command
      ? await valuesOf(command.arguments[typed.length - command.path.length]?.completes, readNames)
      : nextWords(typed, commands);
  // A name that a shell would read as several lines, or as a command to the terminal, is not offered.
  return [...new Set(candidates)].filter((one) => one.startsWith(current) && !/\p{Cc}/u.test(one));
}

function withoutOptions(words: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  return words.filter((word, at) => !word.startsWith('-') && !isOptionWithValue(words[at - 1], commands));
}

function isOptionWithValue(word: string | undefined, commands: readonly CommandSpec[]): boolean {
  const options = [...sharedOptions, ...commands.flatMap((command) => command.options)];
  return options.some(({ name, value }) => value !== undefined && word === `--${name}`);
}

function optionsOf(command: CommandSpec | undefined): readonly string[] {
  const options = [...(command?.options ?? []), ...sharedOptions, { name: 'help' }];
  return options.map(({ name }) => `--${name}`);
}

async function valuesOf(
  source: CompletionSource | undefined,
  readNames: ReadNames,
): Promise<readonly string[]> {
  if (source === undefined) return [];
  return typeof source === 'string' ? await readNames(source) : source;
}

function nextWords(typed: readonly string[], commands: readonly CommandSpec[]): readonly string[] {
  const fitting = commands.filter(({ path }) => typed.every((word, at) => path[at] === word));
  return fitting.flatMap(({ path }) => path[typed.length] ?? []);
}
