import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { freePort, startNats, startRedis } from '@skein/local-cluster';
import { afterEach, describe, expect, test, vi } from 'vitest';

interface Started {
  readonly child: ChildProcess;
  readonly lines: Record<string, unknown>[];
  readonly errors: string[];
  readonly exit: Promise<number | null>;
}

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

/** The service as its own process, as it was built. */
function start(env: Record<string, string>): Started {
  const main = fileURLToPath(new URL('../dist/main.js', import.meta.url));
  const { PATH, MEDIASOUP_WORKER_BIN } = process.env;
  const inherited = { ...(PATH && { PATH }), ...(MEDIASOUP_WORKER_BIN && { MEDIASOUP_WORKER_BIN }) };
  const child = spawn(process.execPath, [main], {
    env: { ...inherited, SKEIN_NODE_WORKERS: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const lines: Record<string, unknown>[] = [];
  const errors: string[] = [];
  createInterface({ input: child.stdout }).on('line', (line) =>
    lines.push(JSON.parse(line) as Record<string, unknown>),
  );
  createInterface({ input: child.stderr }).on('line', (line) => errors.push(line));
  return { child, lines, errors, exit: new Promise((resolve) => child.on('close', resolve)) };
}

const isReady = ({ event }: Record<string, unknown>): boolean => event === 'ready';
const LONG = { timeout: 20_000, interval: 50 };

describe('the media node as a process', () => {
  test('waits for NATS and Redis, says when it is ready, and leaves with code 0 on SIGTERM', async () => {
    const [natsPort, redisPort] = [await freePort(), await freePort()];
    const node = start({
      SKEIN_NATS_URL: `nats://127.0.0.1:${natsPort}`,
      SKEIN_REDIS_URL: `redis://127.0.0.1:${redisPort}`,
      SKEIN_NODE_ID: 'node-x',
    });
    await vi.waitFor(() => expect(node.lines.length).toBeGreaterThan(0), LONG);
    expect(node.lines.some(isReady)).toBe(false);
    expect(node.child.exitCode).toBeNull();
    await using _redis = await startRedis({ port: redisPort });
    await using _nats = await startNats({ port: natsPort });
    await vi.waitFor(() => expect(node.lines.some(isReady)).toBe(true), LONG);
    const ready = node.lines.find(isReady);
    expect(ready).toMatchObject({
      service: 'media-node',
      nodeId: 'node-x',
      grpcPort: expect.any(Number),
      level: 'info',
    });
    node.child.kill('SIGTERM');
    expect(await node.exit).toBe(0);
    expect(JSON.stringify(node.lines.filter(({ level }) => level !== 'debug'))).not.toMatch(
      /\d+\.\d+\.\d+\.\d+/,
    );
  });

  test.each([
    ['SKEIN_NODE_WORKERS', 'many'],
    ['SKEIN_NODE_HOST', 'no address'],
    ['SKEIN_NATS_URL', 'http://nats'],
    ['SKEIN_NODE_GRPC_PORT', '70000'],
    ['SKEIN_LOG_LEVEL', 'loud'],
    ['SKEIN_NODE_ID', 'with space'],
  ])('with %s=%s ends with code 78 and one line that says what is allowed', async (name, value) => {
    const node = start({ [name]: value });
    expect(await node.exit).toBe(78);
    expect(node.errors).toHaveLength(1);
    expect(node.errors[0]).toContain(`${name}="${value}" is not allowed; it takes`);
  });
});
