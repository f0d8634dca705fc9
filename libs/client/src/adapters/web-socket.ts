import type { OpenSocket } from '../signaling/socket.ts';

/** The browser's WebSocket. */
export const openWebSocket: OpenSocket = (url, handlers) => {
  const socket = new WebSocket(url);
  socket.addEventListener('open', () => handlers.opened());
  socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
    // The protocol has no binary frames.
    if (typeof data === 'string') handlers.message(data);
  });
  // `error` has no information beyond the `close` that follows.
  socket.addEventListener('close', ({ code, reason }) => handlers.closed(code, reason));
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    // A page may use only 1000 and 3000-4999 (RFC 6455 §7.4, WebSockets standard).
    close: (code, reason) => socket.close(code, reason),
  };
};
