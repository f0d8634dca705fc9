import { describe, expect, it } from 'vitest';
import { ConfigError, describeSettings, readConfig, setting } from './config.ts';

const table = {
  port: setting.port('SKEIN_PORT', { default: 8080, doc: 'Where it listens.' }),
  workers: setting.integer('SKEIN_WORKERS', { min: 0, max: 64 }, { default: 0, doc: 'How many.' }),
  share: setting.number('SKEIN_SHARE', { min: 0, max: 1 }, { default: 0.9, doc: 'How full.' }),
  level: setting.oneOf('SKEIN_LEVEL', ['info', 'debug'], { default: 'info', doc: 'How much.' }),
  verbose: setting.flag('SKEIN_VERBOSE', { default: false, doc: 'More.' }),
  store: setting.url('SKEIN_STORE', ['redis:'], { doc: 'Where the store is.' }),
  secret: setting.text(
    'SKEIN_SECRET',
    { pattern: /^\w{8,}$/, allowed: '8 or more letters' },
    { default: 'changeme', doc: 'Key.', secret: true },
  ),
};
const required = { SKEIN_STORE: 'redis://store:6379' };

describe('readConfig', () => {
  it('readConfig fills in defaults and reads an empty variable as unset', () => {
    expect(readConfig(table, { ...required, SKEIN_PORT: '' })).toEqual({
      port: 8080,
      workers: 0,
      share: 0.9,
      level: 'info',
      verbose: false,
      store: 'redis://store:6379',
      secret: 'changeme',
    });
  });

  it.each([
    [
      'SKEIN_PORT',
      '99999',
      'SKEIN_PORT="99999" is not allowed; it takes a port (0-65535; 0 lets the system choose)',
    ],
    ['SKEIN_WORKERS', 'two', 'SKEIN_WORKERS="two" is not allowed; it takes a whole number from 0 to 64'],
    ['SKEIN_WORKERS', '1e1', 'SKEIN_WORKERS="1e1" is not allowed; it takes a whole number from 0 to 64'],
    ['SKEIN_SHARE', '1.5', 'SKEIN_SHARE="1.5" is not allowed; it takes a number from 0 to 1'],
    ['SKEIN_LEVEL', 'loud', 'SKEIN_LEVEL="loud" is not allowed; it takes one of `info`, `debug`'],
    ['SKEIN_VERBOSE', 'yes', 'SKEIN_VERBOSE="yes" is not allowed; it takes `true` or `false`'],
    [
      'SKEIN_STORE',
      'redis://store/\ud83d',
      'SKEIN_STORE="redis://store/\\ud83d" is not allowed; it takes a URL starting with `redis://`',
    ],
    [
      'SKEIN_STORE',
      'http://store',
      'SKEIN_STORE="http://store" is not allowed; it takes a URL starting with `redis://`',
    ],
    ['SKEIN_SECRET', 'short', 'SKEIN_SECRET=(hidden) is not allowed; it takes 8 or more letters'],
  ])('refuses %s=%s in one line with name, value and what is allowed', (env, text, message) => {
    expect(() => readConfig(table, { ...required, [env]: text })).toThrow(
      expect.objectContaining({ message, env }),
    );
  });

  it('readConfig names a missing required variable', () => {
    expect(() => readConfig(table, {})).toThrow(ConfigError);
    expect(() => readConfig(table, {})).toThrow(
      'SKEIN_STORE is not set; it takes a URL starting with `redis://`',
    );
  });
});

describe('describeSettings', () => {
  it('describeSettings has one row for each variable', () => {
    const lines = describeSettings(table).split('\n');
    expect(lines).toHaveLength(2 + Object.keys(table).length);
    expect(lines[2]).toBe(
      '| `SKEIN_PORT` | a port (0-65535; 0 lets the system choose) | `8080` | Where it listens. |',
    );
    expect(lines.find((line) => line.includes('SKEIN_STORE'))).toContain('| required |');
  });
});
