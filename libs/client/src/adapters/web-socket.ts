import type { OpenSocket } from '../signaling/socket.ts';

/** The browser's WebSocket. */
export const openWebSocket: OpenSocket = (url, handlers) => {
  const socket = new WebSocket(url);
  socket.addEventListener('open', () => handlers.opened());
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    // Binary frames are not part of this protocol.
    if (typeof data === 'string') handlers.message(data);
  });
  // `error` says nothing that the `close` after it doesn't.
  socket.addEventListener('close', ({ code, reason }) => handlers.closed(code, reason));
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    // Only 1000 and 3000-4999 may be given by a page (RFC 6455 §7.4, WebSockets standard).
    close: (code, reason) => socket.close(code, reason),
  };
};
