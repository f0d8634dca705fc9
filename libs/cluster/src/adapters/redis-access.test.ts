import { freePort, startRedis, TestAuthority } from '@skein/local-cluster';
import { readConfig, systemClock } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectStore, storeAddress, storeSettings } from '../index.ts';

let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterAll(() => authority[Symbol.dispose]());

/** What `connectStore` does with these variables: connects, or says why not. */
async function attempt(env: Record<string, string>): Promise<{ outcome: string; said: string[] }> {
  const said: string[] = [];
  const all: unknown[] = [];
  const says = (loud: boolean) => (fields: { err?: Error }, message: string) => {
    // As the logger writes it: of an error its texts, not what else it holds.
    all.push({ ...fields, err: fields.err && [fields.err.message, fields.err.stack] }, message);
    if (loud) said.push(message);
  };
  const log = { ...silentLogger, debug: says(false), info: says(false), warn: says(true), error: says(true) };
  const stop = new AbortController();
  const url = storeAddress(readConfig(storeSettings, env));
  const connecting = connectStore({
    url,
    clock: systemClock,
    log: log as unknown as Logger,
    signal: stop.signal,
  });
  const troubled = vi.waitFor(
    () => {
      const [first] = said;
      if (first === undefined) throw new Error('nothing was said');
      return first;
    },
    { timeout: 8000 },
  );
  const first = await Promise.race([connecting, troubled]);
  expect(JSON.stringify(all)).not.toContain('hunter2');
  if (typeof first === 'string') {
    stop.abort(new Error('given up'));
    await connecting.catch(() => {});
    return { outcome: first, said };
  }
  troubled.catch(() => {});
  expect(await first.nodes.list()).toEqual([]);
  await first.close();
  return { outcome: 'connected', said };
}

const refusedLogin = expect.stringMatching(/^Redis refuses the login/) as string;

describe('a Redis with a login', () => {
  it('takes the password of the default user from the URL or a setting, and names refused logins', async () => {
    await using redis = await startRedis({ args: ['--requirepass', 'p@ss:w/ord'] });
    const at = (login: string): string => `redis://${login}127.0.0.1:${redis.port}`;
    expect((await attempt({ SKEIN_REDIS_URL: at(':p%40ss%3Aw%2Ford@') })).outcome).toBe('connected');
    const apart = { SKEIN_REDIS_URL: at(''), SKEIN_REDIS_PASSWORD: 'p@ss:w/ord' };
    expect((await attempt(apart)).outcome).toBe('connected');
    for (const login of ['', ':hunter2@', 'skein:hunter2@'])
      expect((await attempt({ SKEIN_REDIS_URL: at(login) })).outcome).toEqual(refusedLogin);
  });

  it('takes a user of its own', async () => {
    const acl = ['--user', 'default', 'off', '--user', 'skein', 'on', '>secret', '~*', '&*', '+@all'];
    await using redis = await startRedis({ args: acl });
    const env = { SKEIN_REDIS_URL: redis.url, SKEIN_REDIS_USER: 'skein', SKEIN_REDIS_PASSWORD: 'secret' };
    expect((await attempt(env)).outcome).toBe('connected');
  });
});

it('a database that the server does not have is not taken for another one', async () => {
  await using redis = await startRedis();
  const { outcome } = await attempt({ SKEIN_REDIS_URL: `${redis.url}/99` });
  expect(outcome).toMatch(/^Redis has no database/);
  expect((await attempt({ SKEIN_REDIS_URL: `${redis.url}/3` })).outcome).toBe('connected');
});

it('an IPv6 address is reached', async () => {
  await using redis = await startRedis({ host: '::1' });
  expect(redis.url).toMatch(/^redis:\/\/\[::1\]:\d+$/);
  expect((await attempt({ SKEIN_REDIS_URL: redis.url })).outcome).toBe('connected');
});

describe('rediss://', () => {
  it('never talks to a server without TLS', async () => {
    await using redis = await startRedis();
    const { outcome } = await attempt({ SKEIN_REDIS_URL: `rediss://127.0.0.1:${redis.port}` });
    expect(outcome).toMatch(/^(TLS with Redis failed|Redis cannot be reached)/);
  });

  it('takes an authority and shows a certificate, and refuses one of another name', async () => {
    const port = await freePort();
    const client = await authority.issue('client', []);
    const args = async (names: string[]): Promise<string[]> => {
      const { certFile, keyFile } = await authority.issue('server', names);
      const tls = ['--tls-port', String(port), '--tls-cert-file', certFile, '--tls-key-file', keyFile];
      return [...tls, '--tls-ca-cert-file', authority.caFile];
    };
    const env = {
      SKEIN_REDIS_URL: `rediss://127.0.0.1:${port}`,
      SKEIN_REDIS_CA_FILE: authority.caFile,
      SKEIN_REDIS_CERT_FILE: client.certFile,
      SKEIN_REDIS_KEY_FILE: client.keyFile,
    };
    {
      await using _redis = await startRedis({ args: await args(['IP:127.0.0.1']) });
      expect((await attempt(env)).outcome).toBe('connected');
      const { SKEIN_REDIS_CA_FILE: _, ...withoutAuthority } = env;
      expect((await attempt(withoutAuthority)).outcome).toMatch(/^TLS with Redis failed/);
    }
    await using _redis = await startRedis({ args: await args(['IP:127.0.0.2']) });
    expect((await attempt(env)).outcome).toMatch(/^TLS with Redis failed/);
  });
});

describe('settings that contradict each other are refused', () => {
  it.each([
    [
      { SKEIN_REDIS_URL: 'redis://:p@a', SKEIN_REDIS_PASSWORD: 'hunter2' },
      'SKEIN_REDIS_URL has a login as well',
    ],
    [{ SKEIN_REDIS_USER: 'u' }, 'set SKEIN_REDIS_PASSWORD as well'],
    [{ SKEIN_REDIS_SENTINEL_PASSWORD: 'hunter2' }, 'SKEIN_REDIS_URL names no sentinels'],
    [{ SKEIN_REDIS_CA_FILE: '/ca.pem' }, 'it is for TLS; start SKEIN_REDIS_URL with rediss'],
    [{ SKEIN_REDIS_URL: 'redis://a?password=hunter2' }, 'it has a parameter that is none: password'],
    [{ SKEIN_REDIS_URL: 'redis://hunter2@a' }, 'it has a user without a password'],
  ])('%o: %s', (env, problem) => {
    let message = '';
    try {
      storeAddress(readConfig(storeSettings, env as Record<string, string>));
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(problem);
    expect(message).not.toContain('hunter2');
  });
});
