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
  ['nodes all', 'nodes takes no name'],
  ['nodes --control nowhere', '"nowhere" is not HOST:PORT'],
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
