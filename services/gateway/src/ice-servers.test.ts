import { readConfig } from '@skein/runtime';
import { describe, expect, it } from 'vitest';
import { readIceServers } from './ice-servers.ts';
import { gatewaySettings } from './settings.ts';

const login = { username: 'skein', credential: 'hunter2' };

it.each([
  [[], []],
  [[{ urls: 'stun:stun.example.org' }], [{ urls: ['stun:stun.example.org'] }]],
  [[{ urls: ['stuns:[2001:db8::1]:5349'] }], [{ urls: ['stuns:[2001:db8::1]:5349'] }]],
  [
    [{ urls: ['turn:turn.example:3478?transport=tcp', 'turns:10.0.0.1:443'], ...login }],
    [{ urls: ['turn:turn.example:3478?transport=tcp', 'turns:10.0.0.1:443'], ...login }],
  ],
])('%j is accepted', (given, read) => {
  expect(readIceServers(JSON.stringify(given))).toEqual(read);
});

describe('ICE servers that a browser rejects', () => {
  it.each<[unknown, string]>([
    ['no JSON', 'it is not JSON'],
    [{}, 'it is not an array'],
    [['stun:a'], 'entry 1 is not an object'],
    [[{ urls: 'stun:a' }, {}], 'entry 2: urls is neither a string nor a list of strings'],
    [[{ urls: [] }], 'entry 1 has no urls'],
    [[{ urls: [7] }], 'entry 1: urls is neither a string nor a list of strings'],
    [[{ urls: 'turn:a' }], 'entry 1 has a turn: or turns: URL and no username and no credential'],
    [[{ urls: ['stun:a', 'turns:a'], username: 'skein' }], 'no credential'],
    [[{ urls: 'turn:a', username: '', credential: 'hunter2' }], 'no username'],
    [
      [{ urls: 'turn:a', username: 'x'.repeat(509), credential: 'hunter2' }],
      'a username of more than 508 bytes',
    ],
    [[{ urls: 'turn:a', username: 7, credential: 'hunter2' }], 'entry 1: username is not a string'],
    [
      [{ urls: 'turn:a', username: 'x', password: 'hunter2' }],
      'the unknown key "password"; did you mean "credential"?',
    ],
    [[{ url: 'stun:a' }], 'did you mean "urls"?'],
    [[{ urls: 'stun:a', priority: 1 }], 'the unknown key "priority"'],
    [[{ urls: 'stun:a', constructor: 1 }], 'the unknown key "constructor"; an entry has'],
    ...['stun:', 'stun::3478', 'stun:a:0', 'stun:a:b', 'stun:a b', 'stun:1234', 'stun:::1'].map(
      (url): [unknown, string] => [[{ urls: url }], `${JSON.stringify(url)} is not stun:HOST`],
    ),
    ...['http://x', 'a', '', 'stunx:a'].map((url): [unknown, string] => [
      [{ urls: url }],
      'starts with none of',
    ]),
    [[{ urls: 'turn:skein:hunter2@a', ...login }], 'a login stands in username and credential'],
    [[{ urls: 'stun://a' }], 'has // after its scheme'],
    [[{ urls: 'stun:a?transport=udp' }], 'which stun: does not allow'],
    [[{ urls: 'turn:a?transport=sctp', ...login }], 'a query other than ?transport'],
    [[{ urls: 'turn:a?', ...login }], 'a query other than ?transport'],
  ])('the ICE servers %j are rejected: %s', (given, problem) => {
    const text = typeof given === 'string' ? given : JSON.stringify(given);
    let message = '';
    try {
      readConfig(gatewaySettings, { SKEIN_ICE_SERVERS: text });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toMatch(/^SKEIN_ICE_SERVERS=\(hidden\) is not allowed: .*; it takes a JSON array/);
    expect(message).toContain(problem);
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('\n');
  });
});
