import { expect, it } from 'vitest';
import { parseChaosArguments, usage } from './arguments.ts';

const names = ['node-kill', 'random'];

it('takes a scenario and its options', () => {
  expect(parseChaosArguments(['random', '--json', '--minutes', '2', '--seed', '7'], names)).toEqual({
    kind: 'run',
    chaos: { scenario: 'random', json: true, short: false, minutes: 2, seed: 7, rounds: undefined },
  });
});

it('has a default for how long random runs, and none for the others', () => {
  expect(parseChaosArguments(['random'], names)).toMatchObject({ chaos: { minutes: 10 } });
  expect(parseChaosArguments(['node-kill'], names)).toMatchObject({ chaos: { minutes: undefined } });
});

it.each([
  [[], 'which scenario?'],
  [['node-kil'], 'there is no scenario node-kil; there are node-kill, random'],
  [['node-kill', 'random'], 'one scenario at a time: node-kill random'],
  [['node-kill', '--minutes', '3'], '--minutes is for random; node-kill takes --rounds'],
  [['random', '--minutes', '0'], '--minutes 0 is not a whole number from 1 on'],
  [['node-kill', '--rounds', '0'], '--rounds 0 is not a whole number from 1 on'],
])('refuses %j', (args, why) => {
  expect(parseChaosArguments(args, names)).toEqual({ kind: 'refused', why });
});

it('lists the scenarios', () => {
  expect(usage([{ name: 'node-kill', what: 'A node is killed.' }])).toContain(
    '  node-kill  A node is killed.',
  );
});
