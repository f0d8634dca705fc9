import { closeCodes, SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import { errorResponse, type HttpHead, type UpgradeDecision } from '../edges/web/http.ts';
import type { Socket, SocketHandler } from '../edges/websocket/socket.ts';
import { RawClient } from '../testing/raw-client.ts';
import { ListenError, startUwsServer, type UwsServer } from './uws-server.ts';

const MAX_BACKPRESSURE_BYTES = 256 * 1024;
const TEXT = 'x'.repeat(64 * 1024);

interface Seen {
  readonly socket: Socket;
  heartbeats: number;
  overflows: number;
  drains: number;
  isClosed: boolean;
}

type Decision = UpgradeDecision<(socket: Socket) => SocketHandler>;
type Decide = (head: HttpHead, accepted: Decision) => Promise<Decision>;

let server: UwsServer | undefined;
afterEach(() => server?.close());

async function start({
  port = 0,
  decide = (_, accepted) => Promise.resolve(accepted),
}: { port?: number; decide?: Decide } = {}): Promise<{
  server: UwsServer;
  sockets: Seen[];
  abandoned: () => number;
}> {
  const sockets: Seen[] = [];
  let abandoned = 0;
  const open = (socket: Socket): SocketHandler => {
    const seen: Seen = { socket, heartbeats: 0, overflows: 0, drains: 0, isClosed: false };
    sockets.push(seen);
    return {
      receive: () => {},
      handleHeartbeat: () => void seen.heartbeats++,
      handleOverflow: () => void seen.overflows++,
      handleDrain: () => void seen.drains++,
      handleClosed: () => (seen.isClosed = true),
    };
  };
  server = await startUwsServer({
    ...{ host: '127.0.0.1', port, maxBackpressureBytes: MAX_BACKPRESSURE_BYTES },
    socketPaths: ['/v1/signal'],
    router: {
      route: () => ({ maxBodyBytes: 0, handle: () => ({ status: 200, headers: [], body: 'ok' }) }),
    },
    upgrade: (head) => decide(head, { kind: 'accepted', open, abandon: () => void abandoned++ }),
    onError: () => {},
  });
  return { server, sockets, abandoned: () => abandoned };
}

describe('a client that does not read', () => {
  it.each(['published', 'sent'] as const)(
    'a client that does not read is reported once when too much was %s',
    async (how) => {
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
      await eventually('an empty queue', () => first!.drains > 0);
      first!.socket.close(closeCodes.slowConsumer, 'SLOW_CONSUMER');
      await eventually('the close frame', () => slow.closeCode === closeCodes.slowConsumer);
      expect(sockets).toMatchObject([{ overflows: 1 }, { overflows: 0 }]);
    },
  );
});

describe('a socket', () => {
  it('a socket reports a pong as a heartbeat', async () => {
    const { server: own, sockets } = await start();
    const client = new WebSocket(`ws://127.0.0.1:${own.port}/v1/signal`);
    const seen = await eventually('the socket', () => sockets[0]);
    seen.socket.ping();
    await eventually('the pong', () => seen.heartbeats === 1);
    client.close();
    await eventually('the close', () => seen.isClosed);
  });

  it('a closed socket ignores all calls', async () => {
    const { server: own, sockets } = await start();
    using client = await RawClient.open(own.port, '/v1/signal');
    const seen = await eventually('the socket', () => sockets[0]);
    client[Symbol.dispose]();
    await eventually('the close', () => seen.isClosed);
    seen.socket.send('x');
    seen.socket.subscribe('a');
    seen.socket.unsubscribe('a');
    seen.socket.ping();
    seen.socket.close(1000, '');
    seen.socket.terminate();
  });
});

describe('the hook before an upgrade', () => {
  it('the upgrade hook refuses with a status and a typed error, asynchronously', async () => {
    const heads: HttpHead[] = [];
    const { server: own, sockets } = await start({
      decide: async (head) => {
        heads.push(head);
        await new Promise((resolve) => setImmediate(resolve));
        const response = errorResponse(new SkeinError('PERMISSION_DENIED', 'no'));
        return { kind: 'refused', response };
      },
    });
    using client = await RawClient.open(own.port, '/v1/signal?a=b', ['Authorization: Bearer t']);
    const answer = await eventually('the response', () => {
      const text = client.received.toString();
      return text.endsWith('}\n') ? text : undefined;
    });
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer).toContain('"code":"PERMISSION_DENIED"');
    expect(heads).toMatchObject([{ method: 'GET', path: '/v1/signal', query: 'a=b' }]);
    expect(heads[0]?.headers.get('authorization')).toBe('Bearer t');
    expect(sockets).toHaveLength(0);
  });

  it('the upgrade hook accepts asynchronously, and learns of an aborted upgrade', async () => {
    const releases: (() => void)[] = [];
    const {
      server: own,
      sockets,
      abandoned,
    } = await start({
      decide: async (_, accepted) => {
        await new Promise<void>((resolve) => releases.push(resolve));
        return accepted;
      },
    });
    using patient = RawClient.connect(own.port, '/v1/signal');
    using impatient = RawClient.connect(own.port, '/v1/signal');
    await eventually('both upgrades', () => releases.length === 2);
    impatient[Symbol.dispose]();
    // A request behind it shows that the server has seen the other one go.
    await fetch(`http://127.0.0.1:${own.port}/`);
    for (const release of releases) release();
    await eventually('one socket', () => sockets.length === 1 && abandoned() === 1);
    await eventually('the upgrade', () => patient.received.toString().startsWith('HTTP/1.1 101'));
    expect(sockets).toHaveLength(1);
  });
});

it('a port in use is one clear error', async () => {
  const { server: own } = await start();
  const second = start({ port: own.port });
  await expect(second).rejects.toThrow(ListenError);
  await expect(second).rejects.toThrow(`port ${own.port}: address in use`);
  server = own;
});
