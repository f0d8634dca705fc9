import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, vi } from 'vitest';
import { startNats } from './nats.ts';
import { startRedis } from './redis.ts';
import { probeTcp } from './tcp-probe.ts';

describe('startRedis', () => {
  it('answers PING, and nothing is left after it is disposed', async () => {
    let port = 0;
    {
      await using redis = await startRedis();
      port = redis.port;
      expect(await command(port, 'PING')).toBe('+PONG');
      expect(redis.status.status).toBe('ready');
    }
    expect(await probeTcp({ host: '127.0.0.1', port })).toBeInstanceOf(Error);
  });

  it('restarts on the same port after a kill, and keeps its data where it has a folder', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'skein-test-'));
    try {
      await using redis = await startRedis({ dir });
      expect(await command(redis.port, 'SET room blue')).toBe('+OK');
      await redis.kill();
      expect(redis.status).toEqual({ status: 'stopped' });
      expect(await probeTcp({ host: '127.0.0.1', port: redis.port })).toBeInstanceOf(Error);
      await redis.start();
      expect(await command(redis.port, 'GET room')).toBe('$4');
    } finally {
      rmSync(dir, { recursive: true });
    }
    expect(existsSync(dir)).toBe(false);
  });

  it('fails with one clear line when the port is taken', async () => {
    await using redis = await startRedis();
    await expect(startRedis({ port: redis.port })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: `port ${redis.port} is taken; choose another`,
    });
  });
});

describe('startNats', () => {
  it('greets, stays silent while frozen, and is restarted on its port', async () => {
    await using nats = await startNats();
    const greeting = { host: '127.0.0.1', port: nats.port, expect: 'INFO {' };
    expect(await probeTcp(greeting)).toBeUndefined();
    await nats.freeze();
    expect(await probeTcp(greeting)).toBeInstanceOf(Error);
    nats.thaw();
    const before = nats.pid;
    await nats.restart();
    expect(nats.pid).not.toBe(before);
    expect(await probeTcp(greeting)).toBeUndefined();
  });

  // The kernel does this for the children on Linux.
  it.runIf(process.platform === 'linux')(
    'ends with the process that started it, even if that is killed',
    async () => {
      const built = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
      const script = `const { startNats } = await import(${JSON.stringify(built)}); console.log((await startNats()).port);`;
      const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const [output] = (await once(parent.stdout, 'data')) as [Buffer];
      const port = Number(output.toString());
      expect(await probeTcp({ host: '127.0.0.1', port })).toBeUndefined();
      parent.kill('SIGKILL');
      await vi.waitFor(
        async () => expect(await probeTcp({ host: '127.0.0.1', port })).toBeInstanceOf(Error),
        5_000,
      );
    },
  );
});

/** The first line of Redis' answer. */
function command(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(`${text}\r\n`));
    socket.on('error', reject);
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data.toString().split('\r\n')[0] ?? '');
    });
  });
}
