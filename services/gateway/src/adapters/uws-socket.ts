import type { WebSocket } from 'uWebSockets.js';
import type { Socket, SocketHandler } from '../edges/websocket/socket.ts';

/** What uWebSockets keeps with each socket. */
export interface SocketData {
  open: ((socket: Socket) => SocketHandler) | undefined;
  handler: SocketHandler | undefined;
  socket: UwsSocket | undefined;
}

/** uWebSockets throws when a socket is used after its close event; this one does nothing then. */
export class UwsSocket implements Socket {
  hasOverflowed = false;
  #ws: WebSocket<SocketData> | undefined;

  constructor(ws: WebSocket<SocketData>) {
    this.#ws = ws;
  }

  get isDetached(): boolean {
    return this.#ws === undefined;
  }

  get bufferedBytes(): number {
    return this.#ws?.getBufferedAmount() ?? 0;
  }

  detach(): void {
    this.#ws = undefined;
  }

  send(text: string): void {
    this.#ws?.send(text, false);
  }

  subscribe(topic: string): void {
    this.#ws?.subscribe(topic);
  }

  unsubscribe(topic: string): void {
    this.#ws?.unsubscribe(topic);
  }

  ping(): void {
    this.#ws?.ping();
  }

  close(code: number, reason: string): void {
    this.#ws?.end(code, reason);
  }

  terminate(): void {
    this.#ws?.close();
  }
}

/** Reports an overflow one turn later: uWebSockets is walking its list of subscribers, which must not change meanwhile. */
export function handleDropped({ socket, handler }: SocketData): void {
  if (!socket || socket.hasOverflowed) return;
  socket.hasOverflowed = true;
  setImmediate(() => {
    if (socket.isDetached) return;
    handler?.handleOverflow();
    if (socket.bufferedBytes === 0) handler?.handleDrain();
  });
}
