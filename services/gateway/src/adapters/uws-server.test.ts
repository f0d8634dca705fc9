import { closeCodes } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { RawClient } from '../testing/raw-client.ts';
import { ListenError, startWebServer } from './uws-server.ts';
import type { SocketHandler, WebServer } from './uws-server.ts';
import type { Socket } from '../edges/websocket/socket.ts';

const MAX_BACKPRESSURE_BYTES = 256 * 1024;
const TEXT = 'x'.repeat(64 * 1024);

interface Seen {
  readonly socket: Socket;
  signsOfLife: number;
  overflows: number;
  drains: number;
  closed: boolean;
}

let server: WebServer | undefined;
afterEach(() => server?.close());

async function start(port = 0, maxConnections = 100): Promise<{ server: WebServer; sockets: Seen[] }> {
  const sockets: Seen[] = [];
  server = await startWebServer({
    host: '127.0.0.1',
    port,
    maxConnections,
    maxBackpressureBytes: MAX_BACKPRESSURE_BYTES,
    handleHttp: () => ({ status: 200, headers: [], body: 'ok', headOnly: false }),
    handleSocket: (socket): SocketHandler => {
      const seen: Seen = { socket, signsOfLife: 0, overflows: 0, drains: 0, closed: false };
      sockets.push(seen);
      return {
        receive: () => {},
        heard: () => void seen.signsOfLife++,
        handleOverflow: () => void seen.overflows++,
        handleDrain: () => void seen.drains++,
        handleClosed: () => (seen.closed = true),
      };
    },
  });
  return { server, sockets };
}

describe('a client that does not read', () => {
  test.each(['published', 'sent'] as const)('is reported once when too much was %s to it', async (how) => {
    const { server: own, sockets } = await start();
    using slow = await RawClient.open(own.port, '/v1/signal');
    using quick = await RawClient.open(own.port, '/v1/signal');
    await eventually('both sockets', () => sockets.length === 2);
    slow.stopReading();
    for (const { socket } of sockets) socket.subscribe('room/blue');
    let sentBytes = 0;
    const [first] = sockets;
    await eventually(
      'the overflow',
      () => {
        if (how === 'published') own.publish('room/blue', TEXT);
        else first!.socket.send(TEXT);
        sentBytes += TEXT.length;
        return first!.overflows > 0;
      },
      { everyMs: 1 },
    );
    if (how === 'published') {
      await eventually('the other one to get everything', () => quick.received.length >= sentBytes);
    }
    first!.socket.unsubscribe('room/blue');
    slow.readAgain();
    await eventually('what was queued to be read', () => first!.drains > 0);
    first!.socket.close(closeCodes.slowConsumer, 'SLOW_CONSUMER');
    await eventually('the close frame', () => slow.closeCode === closeCodes.slowConsumer);
    expect(sockets).toMatchObject([{ overflows: 1 }, { overflows: 0 }]);
  });
});

test('a ping is answered by any client, and heard', async () => {
  const { server: own, sockets } = await start();
  const client = new WebSocket(`ws://127.0.0.1:${own.port}/v1/signal`);
  const seen = await eventually('the socket', () => sockets[0]);
  seen.socket.ping();
  await eventually('the pong', () => seen.signsOfLife === 1);
  client.close();
  await eventually('the close', () => seen.closed);
});

test('a socket that is used after it has closed does nothing', async () => {
  const { server: own, sockets } = await start();
  using client = await RawClient.open(own.port, '/v1/signal');
  const seen = await eventually('the socket', () => sockets[0]);
  client[Symbol.dispose]();
  await eventually('the close', () => seen.closed);
  seen.socket.send('x');
  seen.socket.subscribe('a');
  seen.socket.unsubscribe('a');
  seen.socket.ping();
  seen.socket.close(1000, '');
  seen.socket.terminate();
});

test('a connection too many is answered 503 with a typed error, until one of the others has gone', async () => {
  const { server: own, sockets } = await start(0, 2);
  using first = await RawClient.open(own.port, '/v1/signal');
  using _second = await RawClient.open(own.port, '/v1/signal');
  await eventually('both sockets', () => sockets.length === 2);
  using refused = await RawClient.open(own.port, '/v1/signal');
  const answer = await eventually('the whole answer', () => {
    const text = refused.received.toString();
    return text.endsWith('}\n') ? text : undefined;
  });
  expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  expect(answer).toMatch(/retry-after: 2/i);
  expect(answer).toContain('"code":"LIMIT_EXCEEDED"');
  expect(sockets).toHaveLength(2);
  first[Symbol.dispose]();
  await eventually('the first to be gone', () => sockets[0]!.closed);
  using _third = await RawClient.open(own.port, '/v1/signal');
  await eventually('the third socket', () => sockets.length === 3);
});

test('a port that is taken is one clear error', async () => {
  const { server: own } = await start();
  const second = start(own.port);
  await expect(second).rejects.toThrow(ListenError);
  await expect(second).rejects.toThrow(`port ${own.port} cannot be had: it is taken`);
  server = own;
});
