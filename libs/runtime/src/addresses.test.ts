import { describe, expect, it } from 'vitest';
import {
  addressFamily,
  canonicalIp,
  hostPort,
  isHost,
  isIpAddress,
  isLoopback,
  isUnspecified,
  readHostPort,
} from './addresses.ts';

it.each(['127.0.0.1', '0.0.0.0', '::', '::1', 'fd00::1', '2001:db8::192.0.2.1'])(
  '%s is an IP address',
  (text) => {
    expect(isIpAddress(text)).toBe(true);
  },
);

it.each([
  '1234',
  '::::',
  '127.1',
  '1.2.3',
  '256.1.1.1',
  '01.2.3.4',
  'fe80::1%eth0',
  '::ffff:10.0.0.1',
  '0:0:0:0:0:ffff:7f00:1',
  '[::1]',
  'localhost',
  '',
])('%j is no IP address', (text) => {
  expect(isIpAddress(text)).toBe(false);
});

it.each([
  'localhost',
  'media-1',
  'media_1.skein',
  'sfu.example.org',
  'sfu.example.org.',
  '10.0.0.1',
  '::1',
  '4a',
])('%s is a host', (text) => {
  expect(isHost(text)).toBe(true);
});

it.each(['1234', '10.1', '999.1.1.1', '::::', 'a..b', '-a', 'a-', 'a b', 'a:1', '[::1]', 'a'.repeat(64), ''])(
  '%j is no host',
  (text) => {
    expect(isHost(text)).toBe(false);
  },
);

it.each(['0.0.0.0', '::', '::0', '0:0:0:0:0:0:0:0'])('%s is unspecified', (text) => {
  expect(isUnspecified(text)).toBe(true);
});

it.each(['127.0.0.1', '127.8.8.8', '::1', '0:0::1', 'localhost', 'LOCALHOST'])('%s is loopback', (text) => {
  expect(isLoopback(text)).toBe(true);
  expect(isUnspecified(text)).toBe(false);
});

it.each(['10.0.0.1', '::2', 'media.localhost.example', 'localhost4'])(
  '%s is neither loopback nor unspecified',
  (text) => {
    expect([isLoopback(text), isUnspecified(text)]).toEqual([false, false]);
  },
);

it('two texts of one address have one canonical form', () => {
  expect(canonicalIp('2001:DB8:0:0::1')).toBe(canonicalIp('2001:db8::1'));
  expect(canonicalIp('sfu.example')).toBeUndefined();
});

it('a host name has no address family', () => {
  expect(['10.0.0.1', 'fd00::1', 'sfu.example'].map(addressFamily)).toEqual(['IPv4', 'IPv6', undefined]);
});

describe('HOST:PORT', () => {
  it('HOST:PORT has an IPv6 address in brackets', () => {
    expect(hostPort('::1', 7000)).toBe('[::1]:7000');
    expect(hostPort('10.0.0.1', 7000)).toBe('10.0.0.1:7000');
    expect(hostPort('control', 7000)).toBe('control:7000');
  });

  it.each([
    ['[::1]:7000', { host: '::1', port: 7000 }],
    ['10.0.0.1:1', { host: '10.0.0.1', port: 1 }],
    ['control.skein:65535', { host: 'control.skein', port: 65_535 }],
  ])('is read: %s', (text, read) => {
    expect(readHostPort(text)).toEqual(read);
  });

  it.each([
    '::1:7000',
    '[::1]',
    'nowhere',
    'a:0',
    'a:65536',
    '1234:1',
    '[10.0.0.1]:1',
    ':7000',
    'a:b',
    'http://a:1',
  ])('is refused: %s', (text) => {
    expect(readHostPort(text)).toBeUndefined();
  });

  it('HOST:PORT may leave the port out where there is a default', () => {
    expect(readHostPort('[fd00::1]', 4222)).toEqual({ host: 'fd00::1', port: 4222 });
    expect(readHostPort('nats', 4222)).toEqual({ host: 'nats', port: 4222 });
  });
});
