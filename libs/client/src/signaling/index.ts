// Signaling without media: for programs that bring their own media engine, such as the load tool's peers.
export { openWebSocket } from '../adapters/web-socket.ts';
export { SkeinClientError } from '../client-error.ts';
export { SignalingConnection, type RequestOptions, type SignalingEvents } from './connection.ts';
export { EarlyEvents } from './early-events.ts';
export type { GatewayEvent } from './frames.ts';
export { signalingUrl } from './signaling-url.ts';
export type { OpenSocket, SignalingSocket, SocketHandlers } from './socket.ts';
export { welcomeOf } from './welcome.ts';
