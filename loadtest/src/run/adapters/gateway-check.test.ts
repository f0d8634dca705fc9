import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server as TcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, expect, it } from 'vitest';
import { checkGateway } from './gateway-check.ts';

const RFC_6455_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const TEXT = 0x81;
const CLOSE = 0x88;

const servers: (Server | TcpServer)[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listening(server: Server | TcpServer): Promise<string> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Answers to what is asked of it first: to a request for a WebSocket, and to others. */
function answering(onUpgrade: (socket: Duplex, key: string) => void): Promise<string> {
  const server = createServer((_request, response) => response.end('hello'));
  server.on('upgrade', ({ headers }, socket) => onUpgrade(socket, headers['sec-websocket-key'] ?? ''));
  return listening(server);
}

/** Opens every WebSocket and sends this frame. */
function greetingWith(opcode: number, payload: Buffer): Promise<string> {
  return answering((socket, key) => {
    const accept = createHash('sha1').update(`${key}${RFC_6455_GUID}`).digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
    socket.write(`Sec-WebSocket-Accept: ${accept}\r\n\r\n`);
    socket.end(Buffer.concat([Buffer.from([opcode, payload.length]), payload]));
  });
}

async function whyNot(url: string): Promise<string> {
  const error = await checkGateway(url).then(
    () => new Error('taken for a gateway'),
    (reason: Error) => reason,
  );
  return error.message.replace(`${url}: `, '');
}

it.each([
  [401, 'the connection is refused there (HTTP 401): it asks for a token or credentials'],
  [403, 'the connection is refused there (HTTP 403): it asks for a token or credentials'],
  [404, 'what answers there is not a gateway of Skein (HTTP 404 for /v1/signal)'],
  [503, 'what answers there takes no connection now (HTTP 503)'],
])('tells what refuses a WebSocket with HTTP %i', async (status, why) => {
  const url = await answering((socket) => socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`));
  expect(await whyNot(url)).toContain(why);
});

it('tells a WebSocket that is closed at once, with the reason given', async () => {
  const url = await greetingWith(CLOSE, Buffer.concat([Buffer.from([17, 49]), Buffer.from('token expired')]));
  expect(await whyNot(url)).toBe('what answers there closed the connection at once (4401 token expired)');
});

it('tells a WebSocket that says something else', async () => {
  const url = await greetingWith(TEXT, Buffer.from('hello'));
  expect(await whyNot(url)).toBe('what answers there is not a gateway of Skein');
});

it('tells a gateway of another protocol', async () => {
  const welcome = JSON.stringify({ event: 'welcome', data: { protocolVersion: 99 } });
  const url = await greetingWith(TEXT, Buffer.from(welcome));
  expect(await whyNot(url)).toMatch(/^the gateway speaks protocol 99, and this tool \d+$/);
});

it('tells what does not speak HTTP', async () => {
  const url = await listening(createTcpServer((socket) => socket.end('SSH-2.0-something\r\n')));
  expect(await whyNot(url)).toBe('what answers there is not a gateway of Skein: it does not speak HTTP');
});

it('tells where nothing answers', async () => {
  const server = createTcpServer();
  const url = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  servers.splice(0);
  expect(await whyNot(url)).toBe('nothing answers there (ECONNREFUSED)');
});
