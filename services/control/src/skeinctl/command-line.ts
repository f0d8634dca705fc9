import { parseArgs } from 'node:util';

export const USAGE = `Shows what a Skein cluster is doing, as its control service sees it.

Usage: skeinctl COMMAND [--json] [--control HOST:PORT]

Commands:
  nodes        media nodes, their state and load
  rooms        rooms, and the nodes that carry them
  room NAME    one room: participants, tracks, and the pipes between nodes

Options:
  --json                 one JSON document instead of tables
  --control HOST:PORT    where control listens (default: $SKEIN_CONTROL, else 127.0.0.1:7000)
  --help                 this text

Times are UTC. Exit code: 0, 1 when the question failed, 2 when it was not understood.`;

export type Command =
  | { readonly kind: 'help' }
  | { readonly kind: 'usageError'; readonly problem: string }
  | { readonly kind: 'ask'; readonly question: Question; readonly json: boolean; readonly control: string };

export type Question =
  | { readonly about: 'nodes' }
  | { readonly about: 'rooms' }
  | { readonly about: 'room'; readonly room: string };

/** What the command line asks for. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const parsed = parse(args);
  if (typeof parsed === 'string') return { kind: 'usageError', problem: parsed };
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const question = questionOf(positionals);
  if (typeof question === 'string') return { kind: 'usageError', problem: question };
  const control = values.control ?? (env['SKEIN_CONTROL'] || '127.0.0.1:7000');
  if (!/^\S+:\d{1,5}$/.test(control)) {
    return { kind: 'usageError', problem: `${JSON.stringify(control)} is not HOST:PORT` };
  }
  return { kind: 'ask', question, json: values.json ?? false, control };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        control: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return (error as Error).message;
  }
}

function questionOf([command, ...rest]: readonly string[]): Question | string {
  if (command === undefined) return 'a command is missing';
  const wanted = command === 'room' ? 1 : 0;
  if (!['nodes', 'rooms', 'room'].includes(command)) return `there is no command ${JSON.stringify(command)}`;
  const [room] = rest;
  if (rest.length > wanted) return `${command} takes ${wanted === 0 ? 'no name' : 'one name'}`;
  if (command === 'room') return room === undefined ? 'room takes a name' : { about: 'room', room };
  return { about: command as 'nodes' | 'rooms' };
}
