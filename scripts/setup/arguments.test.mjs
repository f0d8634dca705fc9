import { describe, expect, it } from 'vitest';
import { helpText, parseNumbers } from './arguments.mjs';

const OPTIONS = {
  gateways: { default: 2, min: 1, max: 16, doc: 'gateways' },
  port: { default: 8080, min: 1, max: 65_000, doc: 'the port' },
};
const parse = (...args) => parseNumbers(args, OPTIONS, 'npm start --');

describe('parseNumbers', () => {
  it('options have defaults, both spellings of a value, and the last of several counts', () => {
    expect(parse()).toEqual({ gateways: 2, port: 8080 });
    expect(parse('--gateways', '1', '--port=9000')).toEqual({ gateways: 1, port: 9000 });
    expect(parse('--port', '1', '--port', '2').port).toBe(2);
  });

  it('--help is found wherever it stands', () => {
    expect(parse('--gateways', '1', '--help')).toBe('help');
    expect(helpText(OPTIONS, 'npm start --', 'Runs.')).toContain('--port N');
  });

  it.each([
    ['an unknown option', ['--nodes', '3'], 'unknown option: --nodes'],
    ['a name of every object', ['--constructor', '3'], 'unknown option: --constructor'],
    ['a stray word', ['three'], 'unknown option: three'],
    ['a missing value', ['--port'], "--port takes a whole number from 1 to 65000, not ''"],
    ['a word for a number', ['--gateways', 'two'], "--gateways takes a whole number from 1 to 16, not 'two'"],
    ['a number out of range', ['--gateways', '0'], "--gateways takes a whole number from 1 to 16, not '0'"],
  ])('refuses %s with the usage and exit code 2', (_what, args, problem) => {
    const usage = 'usage: npm start -- [--gateways N] [--port N] [--help]';
    expect(() => parse(...args)).toThrow(
      expect.objectContaining({ exitCode: 2, message: `${problem}\n${usage}` }),
    );
  });
});
