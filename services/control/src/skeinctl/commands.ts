import { opaqueId, roomName } from '@skein/protocol';
import { MAX_DRAIN_MS, type ControlServiceClient, type RoomSummary } from '@skein/rpc';
import { parseDurationMs } from '@skein/runtime';
import { UsageError, type CommandSpec } from './command.ts';
import { completionScript, SHELLS, type Shell } from './completion-scripts.ts';
import { formatDrain, formatNodes, formatRebalance, formatRoom, formatRooms } from './views.ts';

const DEADLINE = { deadlineMs: 5_000 };

const nodes: CommandSpec = {
  path: ['nodes'],
  summary: 'list media nodes, their state and load',
  arguments: [],
  options: [],
  examples: [
    { line: 'skeinctl nodes', does: 'show all nodes with a lease' },
    { line: 'skeinctl nodes --json', does: 'the same with the field names of the API' },
  ],
  prepare: () => async (control) => {
    const document = await control.listNodes({}, DEADLINE);
    return { document, text: formatNodes(document.nodes) };
  },
};

const rooms: CommandSpec = {
  path: ['rooms'],
  summary: 'list rooms and the nodes that carry them',
  arguments: [],
  options: [],
  examples: [{ line: 'skeinctl rooms', does: 'show all rooms in the order of their names' }],
  prepare: () => async (control) => {
    const all = await allRooms(control);
    return { document: { rooms: all }, text: formatRooms(all) };
  },
};

const room: CommandSpec = {
  path: ['room'],
  summary: 'show one room: participants, tracks, and the pipes between nodes',
  details:
    'A participant whose client has lost its connection is shown as lost until it resumes or leaves. Nodes that do not answer are named; their pipes are missing.',
  arguments: [{ name: 'NAME', description: 'name of the room', completes: 'rooms' }],
  options: [],
  examples: [
    { line: 'skeinctl room lobby', does: 'show the room lobby' },
    { line: 'skeinctl room lobby --json', does: 'the same as one JSON document' },
  ],
  prepare: ({ arguments: [name = ''] }) => {
    const parsed = roomName.safeParse(name);
    if (!parsed.success)
      throw new UsageError(
        `${JSON.stringify(name)} is not the name of a room: ${parsed.error.issues[0]?.message}`,
      );
    return async (control) => {
      const document = await control.getRoom({ room: name }, DEADLINE);
      return { document, text: formatRoom(document) };
    };
  },
};

const drain: CommandSpec = {
  path: ['node', 'drain'],
  summary: 'empty a node for maintenance; its process ends when it is empty',
  details:
    'The node takes no new sessions, and its sessions migrate to other nodes, make before break. Sessions that are left at the deadline are closed, and their clients rebuild them elsewhere. Draining a node twice keeps the earlier deadline.',
  arguments: [{ name: 'NODE', description: 'id of the node; see skeinctl nodes', completes: 'nodes' }],
  options: [
    {
      name: 'deadline',
      value: 'TIME',
      description: 'time for the migrations: 90s, 10m, 1h, at most 24h (default: setting of the node)',
    },
  ],
  examples: [
    { line: 'skeinctl node drain media-1', does: 'drain with the deadline of the node' },
    { line: 'skeinctl node drain media-1 --deadline 30m', does: 'allow half an hour' },
  ],
  prepare: ({ arguments: [nodeId = ''], options }) => {
    if (!opaqueId.safeParse(nodeId).success)
      throw new UsageError(`${JSON.stringify(nodeId)} is not the id of a node`);
    const deadlineMs = drainDeadlineMs(options['deadline']);
    return async (control) => {
      const document = await control.drainNode({ nodeId, deadlineMs }, DEADLINE);
      return { document, text: formatDrain(nodeId, document) };
    };
  },
};

const rebalance: CommandSpec = {
  path: ['rebalance'],
  summary: 'move sessions from nodes that carry more than their share',
  details: 'One call moves at most 100 sessions per node. Repeat it until no node has more than its share.',
  arguments: [],
  options: [],
  examples: [{ line: 'skeinctl rebalance', does: 'start the moves and show how many per node' }],
  prepare: () => async (control) => {
    const document = await control.rebalance({}, DEADLINE);
    return { document, text: formatRebalance(document.nodes) };
  },
};

const completion: CommandSpec = {
  path: ['completion'],
  summary: 'print a script that completes commands, rooms and nodes in your shell',
  arguments: [{ name: 'SHELL', description: SHELLS.join(', '), completes: SHELLS }],
  options: [],
  examples: [
    { line: 'source <(skeinctl completion bash)', does: 'bash, in ~/.bashrc' },
    { line: 'source <(skeinctl completion zsh)', does: 'zsh, in ~/.zshrc' },
    { line: 'skeinctl completion fish | source', does: 'fish, in ~/.config/fish/config.fish' },
  ],
  prepare: ({ arguments: [name = ''] }) => {
    const shell = SHELLS.find((one): one is Shell => one === name);
    if (!shell) throw new UsageError(`${JSON.stringify(name)} is none of ${SHELLS.join(', ')}`);
    const script = completionScript(shell);
    return () => Promise.resolve({ document: { shell, script }, text: script });
  },
};

/** In the order of the help. */
export const commands: readonly CommandSpec[] = [nodes, rooms, room, drain, rebalance, completion];

/** 0, the node's own setting, when absent. */
function drainDeadlineMs(text: string | undefined): number {
  if (text === undefined) return 0;
  const deadlineMs = /^\d{1,6}[smh]$/.test(text) ? parseDurationMs(text) : undefined;
  if (deadlineMs === undefined || deadlineMs === 0 || deadlineMs > MAX_DRAIN_MS)
    throw new UsageError(
      `--deadline ${JSON.stringify(text)} is not a time such as 90s, 10m or 1h, up to 24h`,
    );
  return deadlineMs;
}

async function allRooms(control: ControlServiceClient): Promise<RoomSummary[]> {
  const all: RoomSummary[] = [];
  let pageToken = '';
  do {
    const page = await control.listRooms({ pageSize: 0, pageToken }, DEADLINE);
    all.push(...page.rooms);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return all;
}
