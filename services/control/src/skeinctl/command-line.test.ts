import { expect, test } from 'vitest';
import { parseCommandLine } from './command-line.ts';

const parse = (line: string, env = {}) => parseCommandLine(line.split(' ').filter(Boolean), env);
const asked = { kind: 'ask', json: false, control: '127.0.0.1:7000' };

test.each([
  ['nodes', { ...asked, question: { about: 'nodes' } }],
  ['rooms --json', { ...asked, question: { about: 'rooms' }, json: true }],
  [
    'room lobby --control control:7001',
    { ...asked, question: { about: 'room', room: 'lobby' }, control: 'control:7001' },
  ],
  ['nodes --control [::1]:7000', { ...asked, question: { about: 'nodes' }, control: '[::1]:7000' }],
  ['node drain media-1', { ...asked, question: { about: 'drain', nodeId: 'media-1', deadlineMs: 0 } }],
  [
    'node drain media-1 --deadline 10m',
    { ...asked, question: { about: 'drain', nodeId: 'media-1', deadlineMs: 600_000 } },
  ],
  ['rebalance --json', { ...asked, question: { about: 'rebalance' }, json: true }],
  ['--help', { kind: 'help' }],
  ['nodes -h', { kind: 'help' }],
])('%s is understood', (line, command) => {
  expect(parse(line)).toEqual(command);
});

test.each([
  ['', 'a command is missing'],
  ['frobnicate', 'there is no command "frobnicate"'],
  ['room', 'room takes a name'],
  ['room a b', 'room takes one name'],
  [
    'room half\ud83d',
    '"half\\ud83d" is not the name of a room: must be well-formed Unicode: it holds half of a surrogate pair',
  ],
  ['nodes all', 'nodes takes no name'],
  ['rebalance all', 'rebalance takes no name'],
  ['node', 'node takes an action: node drain NODE'],
  ['node kill media-1', 'node takes an action: node drain NODE'],
  ['node drain', 'node drain takes the id of one node'],
  ['node drain a b', 'node drain takes the id of one node'],
  ['node drain é', '"é" is not the id of a node'],
  ['nodes --deadline 10m', '--deadline goes with node drain'],
  ...['10', '0s', '25h', '-1s', '1.5h', '10min', 'soon'].map((time) => [
    `node drain a --deadline=${time}`,
    `--deadline "${time}" is not a time such as 90s, 10m or 1h, up to 24h`,
  ]),
  ...['nowhere', '::1:7000', '[::1]', 'control:0', '1234:7000', 'http://control:7000'].map((control) => [
    `nodes --control ${control}`,
    `"${control}" is not HOST:PORT, or [IPV6]:PORT`,
  ]),
])('%j is refused: %s', (line, problem) => {
  expect(parse(line)).toEqual({ kind: 'usageError', problem });
});

test('an unknown option is refused', () => {
  expect(parse('nodes --yaml')).toMatchObject({
    kind: 'usageError',
    problem: expect.stringContaining('--yaml') as string,
  });
});

test('the address comes from SKEIN_CONTROL unless it is given', () => {
  expect(parse('nodes', { SKEIN_CONTROL: 'there:1' })).toMatchObject({ control: 'there:1' });
  expect(parse('nodes --control here:2', { SKEIN_CONTROL: 'there:1' })).toMatchObject({ control: 'here:2' });
});
