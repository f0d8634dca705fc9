import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nkeys } from '@nats-io/transport-node';
import { freePort, startNats, TestAuthority, type NatsServer } from '@skein/local-cluster';
import { readConfig, systemClock } from '@skein/runtime';
import { silentLogger, type Logger } from '@skein/telemetry';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connectBus, busSettings, natsServers, type Bus } from './index.ts';
import { userCredentials } from './testing/credentials.ts';

const deadlineMs = 2000;
const dir = mkdtempSync(join(tmpdir(), 'skein-nats-'));
let authority: TestAuthority;
beforeAll(async () => {
  authority = await TestAuthority.create();
});
afterAll(() => {
  authority[Symbol.dispose]();
  rmSync(dir, { recursive: true, force: true });
});

function fileWith(name: string, content: string): string {
  const file = join(dir, name);
  writeFileSync(file, content, { mode: 0o600 });
  return file;
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: object;
}

/** What `connectBus` does with these variables: connects, or says why not. */
async function attempt(env: Record<string, string>): Promise<{ outcome: string; lines: Line[] }> {
  const lines: Line[] = [];
  const says = (level: string) => (fields: object, message: string) => lines.push({ level, message, fields });
  const log = {
    ...silentLogger,
    debug: says('debug'),
    info: says('info'),
    warn: says('warn'),
    error: says('error'),
  };
  const stop = new AbortController();
  const url = natsServers(readConfig(busSettings, env));
  const connecting = connectBus({
    ...{ url, name: 'test', clock: systemClock, log: log as unknown as Logger, signal: stop.signal },
  });
  const troubled = vi.waitFor(
    () => {
      const line = lines.find(({ level }) => level === 'warn' || level === 'error');
      if (!line) throw new Error('nothing was logged');
      return line;
    },
    { timeout: 8000 },
  );
  const first = await Promise.race([connecting, troubled]);
  if ('message' in first) {
    stop.abort(new Error('given up'));
    await connecting.catch(() => {});
    return { outcome: first.message, lines };
  }
  troubled.catch(() => {});
  await works(first);
  await first.close();
  return { outcome: 'connected', lines };
}

async function works(bus: Bus): Promise<void> {
  bus.serve('test.echo', async (data) => data);
  await bus.flush({ deadlineMs });
  expect(await bus.request('test.echo', 'hello', { deadlineMs })).toBe('hello');
}

const refusedLogin = expect.stringMatching(/^NATS refuses the login/) as string;

describe('a NATS server with a user and a password', () => {
  let nats: NatsServer;
  const at = (login: string): string => `nats://${login}${login && '@'}127.0.0.1:${nats.port}`;
  beforeAll(async () => {
    nats = await startNats({ args: ['--user', 'skein', '--pass', '12:p@ss/word'] });
  });
  afterAll(async () => await nats[Symbol.asyncDispose]());

  it("the bus logs in with the URL's user and password, percent-decoded", async () => {
    const { outcome } = await attempt({ SKEIN_NATS_URL: at('skein:12%3Ap%40ss%2Fword') });
    expect(outcome).toBe('connected');
  });

  it('the bus logs in with the user and password of their own settings', async () => {
    const login = { SKEIN_NATS_USER: 'skein', SKEIN_NATS_PASSWORD: '12:p@ss/word' };
    expect((await attempt({ SKEIN_NATS_URL: at(''), ...login })).outcome).toBe('connected');
  });

  it.each(['', 'skein:hunter2', 'hunter2'])(
    'refuses another login (%j), which is said as such, and once',
    async (login) => {
      const { outcome, lines } = await attempt({ SKEIN_NATS_URL: at(login) });
      expect(outcome).toEqual(refusedLogin);
      expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
      expect(JSON.stringify(lines)).not.toContain('hunter2');
    },
  );
});

it('the bus retries a rejected login until NATS accepts it', async () => {
  const port = await freePort();
  const stop = new AbortController();
  const url = `nats://skein:right@127.0.0.1:${port}`;
  const lines: string[] = [];
  const log = {
    ...silentLogger,
    error: (_: object, message: string) => lines.push(message),
  } as unknown as Logger;
  let connecting: Promise<Bus>;
  {
    await using _wrong = await startNats({ port, args: ['--user', 'skein', '--pass', 'wrong'] });
    connecting = connectBus({ url, name: 'test', clock: systemClock, log, signal: stop.signal });
    await vi.waitFor(() => expect(lines).toEqual([refusedLogin]), { timeout: 5000 });
  }
  await using _right = await startNats({ port, args: ['--user', 'skein', '--pass', 'right'] });
  const bus = await connecting;
  await works(bus);
  await bus.close();
});

it('the bus logs a revoked login once, and reconnects when NATS accepts it again', async () => {
  const port = await freePort();
  const as = (password: string) => startNats({ port, args: ['--user', 'skein', '--pass', password] });
  const said: string[] = [];
  const log: Logger = { ...silentLogger, error: (_, message) => said.push(message) };
  let bus: Bus;
  {
    await using _right = await as('right');
    bus = await connectBus({
      url: `nats://skein:right@127.0.0.1:${port}`,
      name: 'test',
      clock: systemClock,
      log,
    });
    await works(bus);
  }
  {
    await using _wrong = await as('wrong');
    await vi.waitFor(() => expect(said).toEqual([refusedLogin]), { timeout: 5000 });
    expect(bus.status.state).toBe('disconnected');
  }
  await using _right = await as('right');
  await vi.waitFor(() => expect(bus.status.state).toBe('connected'), { timeout: 10_000 });
  expect(await bus.request('test.echo', 'again', { deadlineMs })).toBe('again');
  expect(said).toHaveLength(1);
  await bus.close();
});

it('the bus logs in with a token from the URL or from a setting', async () => {
  await using nats = await startNats({ args: ['--auth', 's3cret'] });
  const server = `127.0.0.1:${nats.port}`;
  expect((await attempt({ SKEIN_NATS_URL: `nats://s3cret@${server}` })).outcome).toBe('connected');
  const apart = { SKEIN_NATS_URL: `nats://${server}`, SKEIN_NATS_TOKEN: 's3cret' };
  expect((await attempt(apart)).outcome).toBe('connected');
  expect((await attempt({ ...apart, SKEIN_NATS_TOKEN: 'other' })).outcome).toEqual(refusedLogin);
});

it('the bus logs in with an NKey from a file', async () => {
  const [key, stranger] = [nkeys.createUser(), nkeys.createUser()];
  const config = `authorization { users: [ { nkey: ${key.getPublicKey()} } ] }`;
  await using nats = await startNats({ args: ['--config', fileWith('nkey.conf', config)] });
  const seedOf = (pair: typeof key): string => Buffer.from(pair.getSeed()).toString();
  const env = (seed: string) => ({
    SKEIN_NATS_URL: nats.url,
    SKEIN_NATS_NKEY_FILE: fileWith('user.nk', seed),
  });
  expect((await attempt(env(`${seedOf(key)}\n`))).outcome).toBe('connected');
  expect((await attempt(env(seedOf(stranger)))).outcome).toEqual(refusedLogin);
});

it('the bus logs in with a credentials file', async () => {
  const { config, creds } = userCredentials();
  await using nats = await startNats({ args: ['--config', fileWith('jwt.conf', config)] });
  const env = (text: string) => ({
    SKEIN_NATS_URL: nats.url,
    SKEIN_NATS_CREDS_FILE: fileWith('user.creds', text),
  });
  expect((await attempt(env(creds))).outcome).toBe('connected');
  expect((await attempt(env(userCredentials().creds))).outcome).toEqual(refusedLogin);
});

describe('tls://', () => {
  const tlsArgs = async (names: readonly string[]): Promise<string[]> => {
    const { certFile, keyFile } = await authority.issue('server', names);
    return ['--tls', '--tlscert', certFile, '--tlskey', keyFile, '--tlscacert', authority.caFile];
  };

  it('the bus never connects to a server that offers no TLS', async () => {
    await using nats = await startNats();
    const { outcome } = await attempt({ SKEIN_NATS_URL: `tls://127.0.0.1:${nats.port}` });
    expect(outcome).toMatch(/^NATS offers no TLS/);
  });

  it.each(['127.0.0.1', 'localhost'])(
    'the bus connects to %s, whose certificate has that name',
    async (host) => {
      await using nats = await startNats({ args: await tlsArgs(['IP:127.0.0.1', 'DNS:localhost']) });
      const url = { SKEIN_NATS_URL: `tls://${host}:${nats.port}` };
      expect((await attempt({ ...url, SKEIN_NATS_CA_FILE: authority.caFile })).outcome).toBe('connected');
      expect((await attempt(url)).outcome).toMatch(/^TLS with NATS failed/);
    },
  );

  it.each([
    ['127.0.0.1', 'DNS:localhost'],
    ['127.0.0.1', 'IP:127.0.0.2'],
    ['localhost', 'DNS:nats.example'],
  ])('does not take a certificate of another name: %s shows %s', async (host, name) => {
    await using nats = await startNats({ args: await tlsArgs([name]) });
    const env = { SKEIN_NATS_URL: `tls://${host}:${nats.port}`, SKEIN_NATS_CA_FILE: authority.caFile };
    expect((await attempt(env)).outcome).toMatch(/^TLS with NATS failed/);
  });

  it('the bus presents its certificate to a server that requests one', async () => {
    await using nats = await startNats({ args: [...(await tlsArgs(['IP:127.0.0.1'])), '--tlsverify'] });
    const env = { SKEIN_NATS_URL: `tls://127.0.0.1:${nats.port}`, SKEIN_NATS_CA_FILE: authority.caFile };
    const { certFile, keyFile } = await authority.issue('client', []);
    const shown = { SKEIN_NATS_CERT_FILE: certFile, SKEIN_NATS_KEY_FILE: keyFile };
    expect((await attempt({ ...env, ...shown })).outcome).toBe('connected');
    expect((await attempt(env)).outcome).toMatch(/^TLS with NATS failed/);
  });
});

it('the bus connects to any of three servers, and to another one when that one stops', async () => {
  const routePorts = [await freePort(), await freePort()];
  const routes = routePorts.map((port) => `nats-route://127.0.0.1:${port}`).join();
  const start = (index: number): Promise<NatsServer> => {
    const cluster = ['--cluster', `nats://127.0.0.1:${routePorts[index]}`, '--cluster_name', 'skein'];
    return startNats({ args: [...cluster, '--routes', routes] });
  };
  await using one = await start(0);
  await using two = await start(1);
  const dead = await freePort();
  for (const order of [
    [dead, one.port, two.port],
    [two.port, dead],
  ]) {
    const url = `nats://${order.map((port) => `127.0.0.1:${port}`).join()}`;
    const bus = await connectBus({ url, name: 'test', clock: systemClock });
    await works(bus);
    await bus.close();
  }
  const states: string[] = [];
  const bus = await connectBus({
    url: `nats://127.0.0.1:${dead},127.0.0.1:${one.port}`,
    name: 'test',
    clock: systemClock,
    onStatus: ({ state }) => states.push(state),
  });
  const other = await connectBus({ url: two.url, name: 'test', clock: systemClock });
  await one.kill();
  await vi.waitFor(() => expect(states).toContain('disconnected'), { timeout: 10_000 });
  await vi.waitFor(() => expect(bus.status.state).toBe('connected'), { timeout: 10_000 });
  await works(other);
  expect(await bus.request('test.echo', 'again', { deadlineMs })).toBe('again');
  await Promise.all([bus.close(), other.close()]);
});

describe('settings that contradict each other are refused', () => {
  const there = (): string => fileWith('ca.pem', 'no certificate');
  it.each([
    [
      { SKEIN_NATS_URL: 'nats://u:p@a', SKEIN_NATS_TOKEN: 't' },
      'SKEIN_NATS_TOKEN cannot work: SKEIN_NATS_URL has a login',
    ],
    [{ SKEIN_NATS_USER: 'u' }, 'set SKEIN_NATS_PASSWORD as well'],
    [{ SKEIN_NATS_PASSWORD: 'hunter2' }, 'set SKEIN_NATS_USER as well'],
    [{ SKEIN_NATS_CA_FILE: '/ca.pem' }, 'it is for TLS; start SKEIN_NATS_URL with tls://'],
    [{ SKEIN_NATS_URL: 'tls://a', SKEIN_NATS_CA_FILE: '/nowhere/ca.pem' }, 'cannot be read (ENOENT)'],
    [{ SKEIN_NATS_URL: 'tls://a', SKEIN_NATS_CERT_FILE: '/c.pem' }, 'set SKEIN_NATS_KEY_FILE as well'],
    [{ SKEIN_NATS_URL: 'tls://a', SKEIN_NATS_CA_FILE: there() }, 'it is invalid'],
    [{ SKEIN_NATS_NKEY_FILE: there() }, 'it is invalid'],
    [{ SKEIN_NATS_CREDS_FILE: there() }, 'it is invalid'],
  ])('%o: %s', (env, message) => {
    expect(() => natsServers(readConfig(busSettings, env))).toThrow(
      expect.objectContaining({ name: 'ConfigError', message: expect.stringContaining(message) as string }),
    );
  });
});
