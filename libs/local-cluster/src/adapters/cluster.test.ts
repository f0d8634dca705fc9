import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProcessExit } from '../launch-error.ts';
import { startCluster, type ClusterOptions } from './cluster.ts';
import { probeTcp } from './tcp-probe.ts';

// Stand-ins that keep the services' contract: settings from the environment, one ready line, an end on SIGTERM.
const STAND_INS = {
  gateway: `const port = Number(process.env.SKEIN_GATEWAY_PORT);
    require('node:http').createServer((_, answer) => answer.end('page')).listen(port, '127.0.0.1', () =>
      console.log(JSON.stringify({ event: 'ready', service: 'gateway', httpPort: port })));`,
  'media-node': `const nodeId = process.env.SKEIN_NODE_ID;
    if (nodeId === process.env.SKEIN_TEST_BROKEN) { console.error('no worker'); process.exit(7); }
    setInterval(() => {}, 1000);
    console.log(JSON.stringify({ event: 'ready', service: 'media-node', nodeId, grpcPort: 7101 }));`,
  control: `setInterval(() => {}, 1000);
    console.log(JSON.stringify({ event: 'ready', service: 'control', grpcPort: 7000 }));`,
};

describe('startCluster', () => {
  let servicesDir = '';
  let options: ClusterOptions = {};
  beforeAll(() => {
    servicesDir = mkdtempSync(join(tmpdir(), 'skein-services-'));
    for (const [kind, source] of Object.entries(STAND_INS)) {
      mkdirSync(join(servicesDir, kind, 'dist'), { recursive: true });
      writeFileSync(join(servicesDir, kind, 'dist', 'main.js'), source);
    }
    options = { servicesDir, gateways: 2, mediaNodes: 2 };
  });
  afterAll(() => rmSync(servicesDir, { recursive: true }));

  it('starts every process, says where each is reached, and leaves none behind', async () => {
    const logDir = join(servicesDir, 'logs');
    const cluster = await startCluster({ ...options, logDir });
    const pids = cluster.processes().flatMap(({ status }) => (status.status === 'ready' ? [status.pid] : []));
    const names = ['redis', 'nats', 'gateway-1', 'gateway-2', 'media-node-1', 'media-node-2', 'control'];
    expect(cluster.processes().map(({ name }) => name)).toEqual(names);
    expect(pids).toHaveLength(names.length);
    expect(cluster.mediaNodes.map(({ nodeId }) => nodeId)).toEqual(['media-node-1', 'media-node-2']);
    expect(cluster.control?.grpcAddress).toBe('127.0.0.1:7000');
    expect(await (await fetch(cluster.gateways[1]?.url ?? '')).text()).toBe('page');
    expect(readFileSync(join(logDir, 'media-node-2.log'), 'utf8')).toContain('"nodeId":"media-node-2"');

    await cluster.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    expect(await probeTcp({ host: '127.0.0.1', port: cluster.redis?.port ?? 0 })).toBeInstanceOf(Error);
  });

  it('fails with the name, the exit code and the last lines of the service that did not start', async () => {
    const start = startCluster({ ...options, env: { SKEIN_TEST_BROKEN: 'media-node-2' } });
    await expect(start).rejects.toMatchObject({
      code: 'EXITED_EARLY',
      message: 'media-node-2 ended with exit code 7 before it was ready. Its last lines:\n  no worker',
    });
  });

  it('tells of a service that dies, keeps the others, and starts it again at the same address', async () => {
    let onDeath: (what: { name: string; exit: ProcessExit }) => void = () => {};
    const death = new Promise<{ name: string; exit: ProcessExit }>((resolve) => (onDeath = resolve));
    await using cluster = await startCluster({
      ...options,
      onUnexpectedExit: ({ name }, exit) => onDeath({ name, exit }),
    });
    const [gateway] = cluster.gateways;
    const url = gateway?.url ?? '';
    process.kill(gateway?.pid ?? 0, 'SIGKILL');
    expect(await death).toEqual({ name: 'gateway-1', exit: { code: null, signal: 'SIGKILL' } });
    const unwell = cluster.processes().filter(({ status }) => status.status !== 'ready');
    expect(unwell.map(({ name }) => name)).toEqual(['gateway-1']);
    await gateway?.restart();
    expect(gateway?.url).toBe(url);
    expect((await fetch(url)).status).toBe(200);
  });

  it('uses the servers that it is given and does not stop them', async () => {
    await using first = await startCluster({ ...options, gateways: 1, mediaNodes: 1, controls: 0 });
    const { redisUrl, natsUrl } = first;
    const second = await startCluster({ ...options, gateways: 1, mediaNodes: 1, redisUrl, natsUrl });
    expect(second.redis).toBeUndefined();
    await second.stop();
    expect(first.processes().every(({ status }) => status.status === 'ready')).toBe(true);
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
