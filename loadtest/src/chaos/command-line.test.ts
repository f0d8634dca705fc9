import { expect, it } from 'vitest';
import { parseCommandLine } from '../cli/command-line.ts';
import { defineChaos } from './command-line.ts';

const scenarios = [
  { name: 'node-kill', what: 'A node is killed.' },
  { name: 'random', what: 'One fault after another.' },
];
const parse = (args: readonly string[]) => parseCommandLine(defineChaos(scenarios), args);

it('takes a scenario and its options', () => {
  expect(parse(['random', '--json', '--minutes', '2', '--seed', '7'])).toEqual({
    kind: 'run',
    chaos: { scenario: 'random', json: true, short: false, minutes: 2, seed: 7, rounds: undefined },
  });
});

it('has a default for how long random runs, and none for the others', () => {
  expect(parse(['random'])).toMatchObject({ chaos: { minutes: 10 } });
  expect(parse(['node-kill'])).toMatchObject({ chaos: { minutes: undefined } });
});

it.each([
  [[], 'which scenario?'],
  [['node-kil'], 'there is no scenario node-kil; did you mean node-kill?'],
  [['xyzzy'], 'there is no scenario xyzzy; there are node-kill, random'],
  [['node-kill', 'random'], 'one scenario at a time: node-kill random'],
  [['node-kill', '--minutes', '3'], '--minutes is for random; node-kill takes --rounds'],
  [['random', '--minutes', '0'], '--minutes 0 is not a whole number from 1 on'],
  [['node-kill', '--rounds', '0'], '--rounds 0 is not a whole number from 1 on'],
])('refuses %j', (args, why) => {
  expect(parse(args)).toEqual({ kind: 'refused', why });
});

it('lists the scenarios in its help', () => {
  expect(parse(['--help'])).toEqual({
    kind: 'help',
    text: expect.stringContaining('  node-kill  A node is killed.') as string,
  });
});
