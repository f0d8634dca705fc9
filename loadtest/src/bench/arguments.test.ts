import { describe, expect, test } from 'vitest';
import { parseBenchArguments, usage } from './arguments.ts';

const names = ['join', 'idle'];

describe('the arguments of a bench', () => {
  test('name one bench, and say how it is to be run', () => {
    expect(parseBenchArguments(['join'], names)).toEqual({
      kind: 'run',
      args: { bench: 'join', json: false, short: false, check: false, seed: 1 },
    });
    const args = ['idle', '--json', '--short', '--check', '--seed', '42'];
    expect(parseBenchArguments(args, names)).toEqual({
      kind: 'run',
      args: { bench: 'idle', json: true, short: true, check: true, seed: 42 },
    });
  });

  test('ask for help', () => {
    expect(parseBenchArguments(['--help'], names)).toEqual({ kind: 'help' });
    expect(usage([{ name: 'join', what: 'How long a join takes.' }])).toContain('How long a join takes.');
  });

  test.each([
    [[], 'which bench?'],
    [['jion'], 'there is no bench jion; there are join, idle'],
    [['join', 'idle'], 'one bench at a time: join idle'],
    [['join', '--seed', '0'], '--seed 0 is not a whole number from 1 on'],
    [['join', '--seed', 'x'], '--seed x is not a whole number from 1 on'],
  ])('that cannot be are refused with the reason: %j', (args, why) => {
    expect(parseBenchArguments(args, names)).toEqual({ kind: 'refused', why });
  });

  test('that do not exist are refused', () => {
    const refused = parseBenchArguments(['join', '--jsn'], names);
    expect(refused).toMatchObject({ kind: 'refused', why: expect.stringContaining('--jsn') as string });
  });
});
