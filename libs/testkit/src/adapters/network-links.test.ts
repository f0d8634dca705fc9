import { spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { eventually } from '../eventually.ts';
import { Network, type NetworkHost } from './network.ts';

// Sends 300 datagrams in 0.6 s, each with its time, waits for echoes, and prints how long each took there and back.
const ASK = `const socket = require('node:dgram').createSocket('udp4');
  const [port, address] = process.argv.slice(1);
  const times = [];
  socket.on('message', (echo) => times.push(performance.now() - echo.readDoubleLE()));
  let sent = 0;
  const sending = setInterval(() => {
    for (let burst = 0; burst < 5; burst++) {
      const datagram = Buffer.alloc(1200);
      datagram.writeDoubleLE(performance.now());
      socket.send(datagram, port, address);
    }
    if ((sent += 5) < 300) return;
    clearInterval(sending);
    setTimeout(() => { console.log(JSON.stringify(times)); process.exit(); }, 700);
  }, 10);`;

// Sends a number of bytes, and prints the time until the other side has closed after the last one.
const UPLOAD = `const [port, address, bytes] = process.argv.slice(1);
  const socket = require('node:net').connect(port, address);
  socket.resume();
  socket.end(Buffer.alloc(Number(bytes)));
  socket.on('close', () => console.log(performance.now()));`;

interface Echoes {
  readonly lostPercent: number;
  readonly fastestMs: number;
  readonly medianMs: number;
}

/** What this machine offers to hosts of `network`: an echo of datagrams, and a place to send streams to. */
async function serve(network: Network): Promise<AsyncDisposable & { port: number; received: () => number }> {
  let bytes = 0;
  const streams = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('data', (chunk) => (bytes += chunk.length));
    socket.on('end', () => socket.end());
  }).listen(0, network.address);
  await once(streams, 'listening');
  const { port } = streams.address() as { port: number };
  const echo = createSocket('udp4', (datagram, from) => echo.send(datagram, from.port, from.address));
  echo.bind(port, network.address);
  await once(echo, 'listening');
  const close = async (): Promise<void> => void (echo.close(), streams.close());
  return { port, received: () => bytes, [Symbol.asyncDispose]: close };
}

async function ask(host: NetworkHost, address: string, port: number): Promise<Echoes> {
  const times = JSON.parse(await host.run(process.execPath, '-e', ASK, String(port), address)) as number[];
  const sorted = times.toSorted((one, other) => one - other);
  return {
    lostPercent: 100 - times.length / 3,
    fastestMs: sorted[0] ?? Infinity,
    medianMs: sorted[Math.floor(sorted.length / 2)] ?? Infinity,
  };
}

it.runIf(Network.canImpair)(
  'a link is slow and lossy both ways for a while, for all that crosses it',
  async () => {
    await using network = await Network.create();
    await using server = await serve(network);
    const { port } = server;
    const [a, b] = [await network.host('a'), await network.host('b')];
    expect(await ask(a, network.address, port)).toMatchObject({ lostPercent: 0 });

    await network.impair('a', { delayMs: 60, jitterMs: 10, lossPercent: 10 }, 7);
    const [slow, other] = [await ask(a, network.address, port), await ask(b, network.address, port)];
    // 0.9 x 0.9 come back.
    expect(slow.lostPercent).toBeGreaterThan(10);
    expect(slow.lostPercent).toBeLessThan(30);
    expect(slow.fastestMs).toBeGreaterThanOrEqual(100);
    expect(other.lostPercent).toBe(0);
    expect(other.medianMs).toBeLessThan(100);

    // Streams cross it too: no checksum or segment is left for hardware that is not there.
    await network.impair('a', { delayMs: 20 });
    await a.run(process.execPath, '-e', UPLOAD, String(port), network.address, '500000');
    expect(server.received()).toBe(500_000);

    await network.heal();
    const healed = await ask(a, network.address, port);
    expect(healed.lostPercent).toBe(0);
    expect(healed.fastestMs).toBeLessThan(40);
  },
);

it.runIf(Network.possible)('a narrow link lets through what its rate allows', async () => {
  await using network = await Network.create();
  await using server = await serve(network);
  const a = await network.host('a');
  const upload = async (): Promise<number> =>
    Number(await a.run(process.execPath, '-e', UPLOAD, String(server.port), network.address, '250000'));

  await network.narrow('a', { kbitPerSecond: 1_000 });
  // Two megabits at one megabit a second.
  expect(await upload()).toBeGreaterThan(1_800);
  await network.heal();
  expect(await upload()).toBeLessThan(1_800);
});

it.runIf(Network.canImpair)('refuses what makes no sense', async () => {
  await using network = await Network.create();
  await network.host('a');
  await expect(network.impair('z', {})).rejects.toThrow('no host z');
  await expect(network.impair('a', { lossPercent: 101 })).rejects.toThrow('lossPercent is 101');
  await expect(network.narrow('a', { kbitPerSecond: 0 })).rejects.toThrow('kbitPerSecond is 0');
});

it.runIf(Network.canImpair)('an impaired link goes with its process, even if that is killed', async () => {
  const built = fileURLToPath(new URL('../../dist/index.js', import.meta.url));
  const script = `const { Network } = await import(${JSON.stringify(built)});
    const network = await Network.create();
    await network.host('a');
    await network.impair('a', { delayMs: 10 });
    console.log('impaired');
    setInterval(() => undefined, 1_000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(owner.stdout, 'data');
  const interfaces = (): string[] =>
    readdirSync('/sys/class/net').filter((name) => name.startsWith(`s${owner.pid}`));
  const taps = (): string[] => interfaces().filter((name) => /^s\d+[hb]/.test(name));
  expect(taps()).toHaveLength(2);

  const killed = once(owner, 'exit');
  owner.kill('SIGKILL');
  await killed;
  await eventually('the relay and its devices to go', () => taps().length === 0);
  const next = await Network.create();
  await next[Symbol.asyncDispose]();
  expect(interfaces()).toEqual([]);
});
