import { describe, expect, it } from 'vitest';
import { parseCommandLine } from '../cli/command-line.ts';
import { defineBench } from './command-line.ts';

const benches = [
  { name: 'join', what: 'How long a join takes.' },
  { name: 'idle', what: 'What idle connections cost.' },
];
const parse = (args: readonly string[]) => parseCommandLine(defineBench(benches), args);

describe('the command line of a bench', () => {
  it('names one bench and how to run it', () => {
    expect(parse(['join'])).toEqual({
      kind: 'run',
      args: { bench: 'join', json: false, short: false, check: false, seed: 1 },
    });
    const args = ['idle', '--json', '--short', '--check', '--seed', '42'];
    expect(parse(args)).toEqual({
      kind: 'run',
      args: { bench: 'idle', json: true, short: true, check: true, seed: 42 },
    });
  });

  it('asks for help, which lists the benches', () => {
    expect(parse(['--help'])).toEqual({
      kind: 'help',
      text: expect.stringContaining('join  How long a join takes.') as string,
    });
  });

  it.each([
    [[], 'which bench?'],
    [['jion'], 'there is no bench jion; did you mean join?'],
    [['xyzzy'], 'there is no bench xyzzy; there are join, idle'],
    [['join', 'idle'], 'one bench at a time: join idle'],
    [['join', '--seed', '0'], '--seed 0 is not a whole number from 1 on'],
    [['join', '--seed', 'x'], '--seed x is not a whole number from 1 on'],
  ])('is refused with the reason: %j', (args, why) => {
    expect(parse(args)).toEqual({ kind: 'refused', why });
  });

  it('is refused with an unknown option, and names the nearest one', () => {
    expect(parse(['join', '--jsn'])).toEqual({
      kind: 'refused',
      why: 'there is no option --jsn; did you mean --json?',
    });
  });
});
