import { parseArgs } from 'node:util';
import { opaqueId, roomName } from '@skein/protocol';
import { MAX_DRAIN_MS } from '@skein/rpc';
import { readHostPort } from '@skein/runtime';
import { parseDurationMs } from './duration.ts';

export const USAGE = `Shows what a Skein cluster is doing, and moves its sessions, through its control service.

Usage: skeinctl COMMAND [--json] [--control HOST:PORT]

Commands:
  nodes        media nodes, their state and load
  rooms        rooms, and the nodes that carry them
  room NAME    one room: participants, tracks, and the pipes between nodes
  node drain NODE [--deadline TIME]
               empty a node for maintenance: its calls go on elsewhere, and its process ends when it is empty
  rebalance    move sessions from nodes that carry more than their share

Options:
  --json                 one JSON document instead of text
  --deadline TIME        what is left then is told to reconnect: 90s, 10m, 1h (default: the node's own setting)
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
  | { readonly about: 'room'; readonly room: string }
  /** 0: the node's own setting. */
  | { readonly about: 'drain'; readonly nodeId: string; readonly deadlineMs: number }
  | { readonly about: 'rebalance' };

/** What the command line asks for. */
export function parseCommandLine(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Command {
  const parsed = parse(args);
  if (typeof parsed === 'string') return { kind: 'usageError', problem: parsed };
  const { values, positionals } = parsed;
  if (values.help) return { kind: 'help' };
  const question = questionOf(positionals, values.deadline);
  if (typeof question === 'string') return { kind: 'usageError', problem: question };
  const control = values.control ?? (env['SKEIN_CONTROL'] || '127.0.0.1:7000');
  if (!readHostPort(control)) {
    const forms = 'HOST:PORT, or [IPV6]:PORT';
    return { kind: 'usageError', problem: `${JSON.stringify(control)} is not ${forms}` };
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
        deadline: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    return (error as Error).message;
  }
}

function questionOf([command, ...rest]: readonly string[], deadline: string | undefined): Question | string {
  if (deadline !== undefined && command !== 'node') return '--deadline goes with node drain';
  switch (command) {
    case undefined:
      return 'a command is missing';
    case 'nodes':
    case 'rooms':
    case 'rebalance':
      return rest.length === 0 ? { about: command } : `${command} takes no name`;
    case 'room':
      return roomQuestion(rest);
    case 'node':
      return drainQuestion(rest, deadline);
    default:
      return `there is no command ${JSON.stringify(command)}`;
  }
}

function roomQuestion([room, ...more]: readonly string[]): Question | string {
  if (room === undefined) return 'room takes a name';
  if (more.length > 0) return 'room takes one name';
  const parsed = roomName.safeParse(room);
  if (parsed.success) return { about: 'room', room };
  return `${JSON.stringify(room)} is not the name of a room: ${parsed.error.issues[0]?.message}`;
}

function drainQuestion(
  [action, nodeId, ...more]: readonly string[],
  deadline: string | undefined,
): Question | string {
  if (action !== 'drain') return 'node takes an action: node drain NODE';
  if (nodeId === undefined || more.length > 0) return 'node drain takes the id of one node';
  if (!opaqueId.safeParse(nodeId).success) return `${JSON.stringify(nodeId)} is not the id of a node`;
  const deadlineMs = deadline === undefined ? 0 : parseDurationMs(deadline);
  if (deadlineMs === undefined || (deadline !== undefined && deadlineMs === 0) || deadlineMs > MAX_DRAIN_MS) {
    return `--deadline ${JSON.stringify(deadline)} is not a time such as 90s, 10m or 1h, up to 24h`;
  }
  return { about: 'drain', nodeId, deadlineMs };
}
