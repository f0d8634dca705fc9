import { createConnection } from 'node:net';
import { openWebSocket, type OpenSocket } from '@skein/client/signaling';

/** A WebSocket; for `ws://…?lines` of a bench's own server, TCP with a message per line, which needs no server library. */
export const openSignalSocket: OpenSocket = (url, handlers) => {
  const { hostname, port, searchParams } = new URL(url);
  if (!searchParams.has('lines')) return openWebSocket(url, handlers);
  const socket = createConnection({ host: hostname, port: Number(port), noDelay: true });
  let rest = '';
  socket.setEncoding('utf8');
  socket.on('connect', () => handlers.opened());
  socket.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) handlers.message(line);
  });
  // `close` follows.
  socket.on('error', () => undefined);
  socket.on('close', () => handlers.closed(1006, ''));
  return { send: (text) => socket.write(`${text}\n`), close: () => socket.destroy() };
};
