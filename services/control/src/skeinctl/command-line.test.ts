import type { ControlServiceClient, RoomSummary } from '@skein/rpc';
import { describe, expect, it } from 'vitest';
import { parseCommandLine, type Request } from './command-line.ts';
import { commands } from './commands.ts';
import { SkeinError } from '@skein/protocol';

const parse = (line: string, env = {}): Request =>
  parseCommandLine(line.split(' ').filter(Boolean), env, commands);

const pages: Record<string, { rooms: RoomSummary[]; nextPageToken: string }> = {
  '': { rooms: [summary('a'), summary('b')], nextPageToken: 'second' },
  second: { rooms: [summary('c')], nextPageToken: '' },
};

/** Requests that reached control, as `method argument`. */
let asked: string[] = [];

const control: ControlServiceClient = {
  listNodes: async () => ({ nodes: [] }),
  listRooms: async ({ pageToken }) => pages[pageToken] ?? { rooms: [], nextPageToken: '' },
  drainNode: async ({ nodeId, deadlineMs }) => {
    asked.push(`drain ${nodeId} ${deadlineMs}`);
    return { sessions: 3 };
  },
  rebalance: async () => ({ nodes: [{ nodeId: 'node-a', moving: 12 }] }),
  getRoom: ({ room }) => {
    asked.push(`room ${room}`);
    return Promise.reject(new SkeinError('ROOM_NOT_FOUND', 'there is no such room'));
  },
};

function summary(room: string): RoomSummary {
  return { room, version: 1, participants: 1, tracks: 0, nodeIds: ['node-a'], viewers: 0 };
}

async function answered(line: string): Promise<{ document: unknown; text: string }> {
  asked = [];
  const request = parse(line);
  if (request.kind !== 'ask') throw new Error(`${line} is ${request.kind}`);
  return await request.ask(control);
}

describe('a command line', () => {
  it.each([
    ['nodes', { json: false, control: '127.0.0.1:7000' }],
    ['rooms --json', { json: true, control: '127.0.0.1:7000' }],
    ['--json rooms', { json: true, control: '127.0.0.1:7000' }],
    ['room lobby --control control:7001', { json: false, control: 'control:7001' }],
    ['nodes --control [::1]:7000', { json: false, control: '[::1]:7000' }],
    ['node drain media-1', { json: false }],
    ['node drain media-1 --deadline 10m', { json: false }],
    ['rebalance --json', { json: true }],
    ['completion bash', { json: false }],
  ])('asks control for %s', (line, request) => {
    expect(parse(line)).toMatchObject({ kind: 'ask', ...request });
  });

  it.each([
    ['', 'a command is missing'],
    ['node', 'a command is missing'],
    ['frobnicate', "unknown command 'frobnicate'"],
    ['romo', "unknown command 'romo' (Did you mean room?)"],
    ['node drian media-1', "unknown command 'drian' (Did you mean drain?)"],
    ['room', "missing required argument 'NAME'"],
    ['room a b', "too many arguments for 'room'. Expected 1 argument but got 2: a, b."],
    [
      'room half\ud83d',
      '"half\\ud83d" is not the name of a room: must be well-formed Unicode: it holds half of a surrogate pair',
    ],
    ['nodes all', "too many arguments for 'nodes'. Expected 0 arguments but got 1: all."],
    ['rebalance all', "too many arguments for 'rebalance'. Expected 0 arguments but got 1: all."],
    ['node kill media-1', "unknown command 'kill'"],
    ['node drain', "missing required argument 'NODE'"],
    ['node drain a b', "too many arguments for 'drain'. Expected 1 argument but got 2: a, b."],
    ['node drain é', '"é" is not the id of a node'],
    ['nodes --deadline 10m', "unknown option '--deadline'"],
    ['nodes --jsn', "unknown option '--jsn' (Did you mean --json?)"],
    ['nodes --yaml', "unknown option '--yaml'"],
    ['completion powershell', '"powershell" is none of bash, zsh, fish'],
    ...['10', '0s', '25h', '-1s', '1.5h', '10min', 'soon'].map((time) => [
      `node drain a --deadline=${time}`,
      `--deadline "${time}" is not a time such as 90s, 10m or 1h, up to 24h`,
    ]),
    ...['nowhere', '::1:7000', '[::1]', 'control:0', '1234:7000', 'http://control:7000'].map((address) => [
      `nodes --control ${address}`,
      `"${address}" is not HOST:PORT, or [IPV6]:PORT`,
    ]),
  ])('%j is refused: %s', (line, problem) => {
    expect(parse(line)).toMatchObject({ kind: 'usageError', problem });
  });

  it('takes the address from SKEIN_CONTROL unless an option gives it', () => {
    expect(parse('nodes', { SKEIN_CONTROL: 'there:1' })).toMatchObject({ control: 'there:1' });
    expect(parse('nodes --control here:2', { SKEIN_CONTROL: 'there:1' })).toMatchObject({
      control: 'here:2',
    });
  });
});

describe('the help', () => {
  it.each(['--help', '-h', 'help', 'nodes -h', 'help room', 'node --help', 'node drain --help'])(
    'is printed for %s',
    (line) => {
      expect(parse(line)).toMatchObject({ kind: 'help' });
    },
  );

  it('of skeinctl lists every command and the exit codes', () => {
    const { text = '' } = parse('--help') as { text?: string };
    for (const { path, summary: line } of commands.filter(({ path: words }) => words.length === 1))
      expect(text).toMatch(new RegExp(`${path.join(' ')} .*${line.slice(0, 20)}`));
    expect(text).toContain('Exit code: 0; 1 when the request failed; 2 when');
  });

  it.each(commands.map(({ path }) => path.join(' ')))(
    'of %s has its arguments, options and examples',
    (line) => {
      const { text = '' } = parse(`${line} --help`) as { text?: string };
      const spec = commands.find(({ path }) => path.join(' ') === line);
      for (const { name } of spec?.arguments ?? []) expect(text).toContain(`<${name}>`);
      for (const { name } of spec?.options ?? []) expect(text).toContain(`--${name}`);
      for (const example of spec?.examples ?? []) expect(text).toContain(example.line);
      expect(text).toContain('--json');
    },
  );
});

describe('an answer', () => {
  it('shows the rooms of all pages', async () => {
    const { text } = await answered('rooms');
    expect(text.split('\n').map((line) => line.split(' ')[0])).toEqual(['ROOM', 'a', 'b', 'c']);
  });

  it('is for --json one document with the names of the API', async () => {
    expect((await answered('nodes')).document).toEqual({ nodes: [] });
    expect((await answered('rooms')).document).toEqual({
      rooms: [summary('a'), summary('b'), summary('c')],
    });
  });

  it('says what a drain and a rebalance migrate', async () => {
    const drained = await answered('node drain node-a --deadline 10m');
    expect(asked).toEqual(['drain node-a 600000']);
    expect(drained.text).toBe('node-a drains: 3 sessions to migrate. Its process ends when it is empty.');
    expect(drained.document).toEqual({ sessions: 3 });
    await answered('node drain node-a');
    expect(asked).toEqual(['drain node-a 0']);
    const rebalanced = await answered('rebalance');
    expect(rebalanced.text).toBe(['NODE    MOVING', 'node-a      12'].join('\n'));
    expect(rebalanced.document).toEqual({ nodes: [{ nodeId: 'node-a', moving: 12 }] });
  });

  it("passes control's error on", async () => {
    await expect(answered('room lobby')).rejects.toMatchObject({ code: 'ROOM_NOT_FOUND' });
    expect(asked).toEqual(['room lobby']);
  });
});
