/** A WebSocket as signaling needs it. The handlers are passed to `OpenSocket`, so that no message is missed. */
export interface SignalingSocket {
  send(text: string): void;
  /** Starts closing; `handlers.closed` is called once. */
  close(code: number, reason: string): void;
}

export interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** The last call, also when the socket never opened. */
  closed(code: number, reason: string): void;
}

/** Opens a socket to `url` (`ws:` or `wss:`). Never throws: a failure is `closed` without `opened`. */
export type OpenSocket = (url: string, handlers: SocketHandlers) => SignalingSocket;
