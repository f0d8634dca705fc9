// Sockets for signaling, for programs that bring their own.
export { openWebSocket } from './adapters/web-socket.ts';
export type { OpenSocket, SignalingSocket, SocketHandlers } from './signaling/socket.ts';
