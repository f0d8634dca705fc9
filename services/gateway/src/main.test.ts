import { spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { startNats } from '@skein/local-cluster';
import { EXIT_CONFIG } from '@skein/runtime';
import { eventually } from '@skein/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connect, LiveCluster } from './testing/live-cluster.ts';

// Built before the tests run: Node does not know all of the sources' syntax yet.
const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));

let cluster: LiveCluster;
beforeAll(async () => {
  cluster = await LiveCluster.start(['node-1']);
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
});

interface Line {
  readonly level?: string;
  readonly msg?: string;
  readonly event?: string;
  readonly service?: string;
  readonly httpPort?: number;
}

/** The built gateway as its own process. */
class GatewayProcess implements Disposable {
  stderr = '';
  stdout = '';
  exitCode: number | null | undefined;
  readonly #child;

  constructor(env: Record<string, string>) {
    this.#child = spawn(process.execPath, [main], {
      env: {
        PATH: process.env['PATH'],
        SKEIN_NATS_URL: cluster.nats.url,
        SKEIN_REDIS_URL: cluster.redis.url,
        SKEIN_GATEWAY_PORT: '0',
        SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '200',
        SKEIN_GATEWAY_WEB_DIR: cluster.webDir,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child.stdout.on('data', (bytes: Buffer) => (this.stdout += bytes.toString()));
    this.#child.stderr.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    this.#child.on('close', (code) => (this.exitCode = code));
  }

  lines(): Line[] {
    return this.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Line);
  }

  async ended(): Promise<number | null> {
    await eventually('the process to end', () => this.exitCode !== undefined);
    return this.exitCode ?? null;
  }

  terminate(): void {
    this.#child.kill('SIGTERM');
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

it('a NATS with a small payload limit ends the gateway with 78 and the setting', async () => {
  await using nats = await startNats({ maxPayloadBytes: 64 * 1024 });
  using gateway = new GatewayProcess({ SKEIN_NATS_URL: nats.url });
  expect(await gateway.ended()).toBe(EXIT_CONFIG);
  expect(gateway.stderr.trim().split('\n')).toEqual([
    expect.stringMatching(
      /^SKEIN_NATS_URL cannot work: .* 65536 bytes; set its max_payload to 262144 or more$/,
    ),
  ]);
});

it('an invalid environment variable ends the gateway with 78 and one line', async () => {
  using gateway = new GatewayProcess({ SKEIN_ROOM_MAX_PARTICIPANTS: 'many' });
  expect(await gateway.ended()).toBe(EXIT_CONFIG);
  expect(gateway.stderr).toBe(
    'SKEIN_ROOM_MAX_PARTICIPANTS="many" is not allowed; it takes a whole number from 1 to 100000\n',
  );
});

it('invalid ICE servers are reported without their credentials', async () => {
  using gateway = new GatewayProcess({ SKEIN_ICE_SERVERS: '[{"credential":"hush"}]' });
  expect(await gateway.ended()).toBe(EXIT_CONFIG);
  expect(gateway.stderr).toContain('SKEIN_ICE_SERVERS=(hidden)');
  expect(gateway.stderr).not.toContain('hush');
});

it.each([
  [
    { SKEIN_ICE_SERVERS: '[{"urls":["turn:turn.example.org"]}]' },
    'entry 1 has a turn: or turns: URL and no username',
  ],
  [
    { SKEIN_GATEWAY_HOST: '1234' },
    'SKEIN_GATEWAY_HOST="1234" is not allowed; it takes an IP address or a host name',
  ],
  [{ SKEIN_GATEWAY_URLS: 'gateway-2:8080' }, 'is not a URL that starts with https://'],
  [{ SKEIN_GATEWAY_URLS: 'http://0.0.0.0:8080' }, 'is not an address that clients can reach'],
  [{ SKEIN_NATS_URL: 'nats://u:hunter2@a', SKEIN_NATS_TOKEN: 'x' }, 'SKEIN_NATS_TOKEN cannot work'],
  [{ SKEIN_NATS_URL: 'nats://u:hunter2/@a' }, 'SKEIN_NATS_URL=(hidden) is not allowed: server 1'],
  [{ SKEIN_REDIS_URL: 'redis://:hunter2@a?tls=1' }, 'SKEIN_REDIS_URL=(hidden) is not allowed'],
  [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' }, 'OTEL_EXPORTER_OTLP_ENDPOINT cannot work'],
])('an unusable setting ends the gateway with 78 and one line: %j', async (env, message) => {
  using gateway = new GatewayProcess(env as Record<string, string>);
  expect(await gateway.ended()).toBe(EXIT_CONFIG);
  expect(gateway.stderr).toContain(message);
  expect(gateway.stderr.trimEnd()).not.toContain('\n');
  expect(gateway.stderr + gateway.stdout).not.toContain('hunter2');
});

it('a port in use ends the gateway with 1 and one clear line', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const { port } = holder.address() as AddressInfo;
  using gateway = new GatewayProcess({ SKEIN_GATEWAY_PORT: String(port) });
  expect(await gateway.ended()).toBe(1);
  expect(gateway.lines()).toMatchObject([{ level: 'fatal', msg: expect.stringContaining(`port ${port}`) }]);
  holder.close();
});

it('the gateway logs that it listens and is ready, and ends cleanly on SIGTERM', async () => {
  using gateway = new GatewayProcess({});
  const ready = await eventually('readiness', () => gateway.lines().find(({ event }) => event === 'ready'));
  expect(ready).toMatchObject({ level: 'info', service: 'gateway', httpPort: expect.any(Number) });
  expect(gateway.lines()[0]).toMatchObject({ event: 'gateway.listening', httpPort: ready.httpPort });
  const client = await connect({ httpPort: ready.httpPort ?? 0 });
  await client.join('daily', 'Ada');
  gateway.terminate();
  expect(await gateway.ended()).toBe(0);
  const closed = await eventually('the close', () => client.closed);
  expect(closed.code).toBe(1001);
  expect(cluster.node('node-1').requests('detach')).toHaveLength(1);
  expect(cluster.node('node-1').requests('close')).toHaveLength(0);
  expect(gateway.stderr).toBe('');
  // Room, participant, session and node are named; addresses and media parameters are not.
  expect(gateway.stdout).toMatch(
    /"room":"daily","participant":"Ada","sessionId":"ses_\w+","nodeId":"node-1"/,
  );
  expect(gateway.stdout).not.toMatch(/127\.0\.0\.1|fingerprint|mimeType|usernameFragment/);
});

it('a draining gateway ends as soon as its last client has moved', async () => {
  using gateway = new GatewayProcess({ SKEIN_GATEWAY_DRAIN_DEADLINE_MS: '600000' });
  const ready = await eventually('readiness', () => gateway.lines().find(({ event }) => event === 'ready'));
  const client = await connect({ httpPort: ready.httpPort ?? 0 });
  await client.join('weekly', 'Ada');
  gateway.terminate();
  const { withinMs } = await client.event('moveOver');
  expect(withinMs).toBeGreaterThan(250_000);
  await expect(connect({ httpPort: ready.httpPort ?? 0 })).rejects.toThrow('could not connect');
  await client.request('restartIce', { direction: 'send' });
  await client[Symbol.asyncDispose]();
  expect(await gateway.ended()).toBe(0);
});
