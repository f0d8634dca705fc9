import { describe, expect, it } from 'vitest';
import { readStoreAddress } from './store-address.ts';

const none = { db: 0, tls: undefined, login: {} };

describe('the address of the store', () => {
  it.each([
    ['redis://127.0.0.1:6379', { ...none, host: '127.0.0.1', port: 6379 }],
    ['redis://redis', { ...none, host: 'redis', port: 6379 }],
    ['redis://[::1]:6380/', { ...none, host: '::1', port: 6380 }],
    [
      'rediss://user:s%40cret@redis.example:6380/2',
      { host: 'redis.example', port: 6380, db: 2, tls: {}, login: { username: 'user', password: 's@cret' } },
    ],
    ['redis://:12:3@r', { ...none, host: 'r', port: 6379, login: { password: '12:3' } }],
  ])('is one server: %s', (url, address) => {
    expect(readStoreAddress(url)).toEqual({ kind: 'server', ...address });
  });

  it('is a primary that sentinels name, with the port that they usually have', () => {
    expect(readStoreAddress('redis+sentinel://s1,s2:26380,[fd00::3]:26381/skein')).toEqual({
      ...{ ...none, sentinelLogin: {} },
      kind: 'sentinels',
      name: 'skein',
      sentinels: [
        { host: 's1', port: 26_379 },
        { host: 's2', port: 26_380 },
        { host: 'fd00::3', port: 26_381 },
      ],
    });
  });

  it('takes a login for the servers, another one for the sentinels, a database, and TLS', () => {
    const logins = 'sentinelUsername=watch&sentinelPassword=s%3Aecret';
    expect(readStoreAddress(`rediss+sentinel://app:p%40ss:word@s1/skein/3?${logins}`)).toEqual({
      kind: 'sentinels',
      sentinels: [{ host: 's1', port: 26_379 }],
      ...{ name: 'skein', db: 3, tls: {} },
      login: { username: 'app', password: 'p@ss:word' },
      sentinelLogin: { username: 'watch', password: 's:ecret' },
    });
    expect(readStoreAddress('redis+sentinel://:secret@s1/skein')).toMatchObject({
      login: { password: 'secret' },
    });
  });

  it.each([
    'redis+sentinel://s1:26379',
    'redis+sentinel://s1:26379/',
    'redis+sentinel:///skein',
    'redis+sentinel://s1:0/skein',
    'redis+sentinel://s1:99999/skein',
    'redis+sentinel://s1,,s2/skein',
    'redis+sentinel://s1/skein/one',
    'redis+sentinel://s1/skein?sentinelPassphrase=x',
    'redis+sentinel://100%:x@s1/skein',
    'http://s1',
    'redis://',
    's1:6379',
    'redis://user@s1',
    'redis://s1/two',
    'redis://s1?family=6',
    'redis://s1:6379/0?password=x',
    'redis://s1,s2',
    'redis://s1:0',
    'redis://1234',
    'redis://u:a/b@s1',
    'redis+sentinel://user@s1/skein',
    'redis+sentinel://s1/skein?sentinelUsername=watch',
  ])('is refused when it is wrong: %s', (url) => {
    expect(() => readStoreAddress(url)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  it('never shows a password in what it refuses', () => {
    expect(() => readStoreAddress('redis+sentinel://:hunter2@s1')).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });
});
