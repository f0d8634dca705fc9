import { describe, expect, it } from 'vitest';
import { readNatsAddress } from './nats-address.ts';

const none = { tls: false, login: { kind: 'none' } };

describe('the address of NATS', () => {
  it.each([
    ['nats://nats', [{ host: 'nats', port: 4222 }]],
    ['nats://10.0.0.1:4223/', [{ host: '10.0.0.1', port: 4223 }]],
    [
      'nats://[fd00::1]:4223,[fd00::2]',
      [
        { host: 'fd00::1', port: 4223 },
        { host: 'fd00::2', port: 4222 },
      ],
    ],
    [
      'nats://a:4222,nats://b:4223',
      [
        { host: 'a', port: 4222 },
        { host: 'b', port: 4223 },
      ],
    ],
    [
      'nats://a:1, b:2 ,c',
      [
        { host: 'a', port: 1 },
        { host: 'b', port: 2 },
        { host: 'c', port: 4222 },
      ],
    ],
  ])('names the servers: %s', (text, servers) => {
    expect(readNatsAddress(text)).toEqual({ ...none, servers });
  });

  it('tls:// requires TLS', () => {
    expect(readNatsAddress('tls://a,b')).toMatchObject({ tls: true });
  });

  it.each([
    ['nats://skein:p%40ss%2Fw%3Ard@a,b', { kind: 'user', user: 'skein', password: 'p@ss/w:rd' }],
    ['nats://skein:1234@a', { kind: 'user', user: 'skein', password: '1234' }],
    ['nats://skein:a:b@a,nats://skein:a:b@b', { kind: 'user', user: 'skein', password: 'a:b' }],
    ['tls://s3cret@a', { kind: 'token', token: 's3cret' }],
  ])('has a login: %s', (text, login) => {
    expect(readNatsAddress(text)).toMatchObject({ login });
  });

  it.each([
    'a:4222',
    'http://a',
    'ws://a',
    'nats://',
    'nats://a,,b',
    'nats://a:0',
    'nats://a:99999',
    'nats://1234',
    'nats://::1:4222',
    'nats://a/path',
    'nats://a?x=1',
    'nats://a,tls://b',
    'nats://u:p@a,nats://u:q@b',
    'nats://:p@a',
    'nats://u:@a',
    'nats://u:%zz@a',
    'nats://u:hunter2/x@a',
    'nats://u:hunter2@@a',
  ])('is refused, without showing what may be a password: %s', (text) => {
    expect(() => readNatsAddress(text)).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });
});
