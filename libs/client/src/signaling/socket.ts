/** What signaling needs of a WebSocket. Handlers are given at opening, so that no message can be missed. */
export interface SignalingSocket {
  send(text: string): void;
  /** Starts closing; `handlers.closed` follows once. */
  close(code: number, reason: string): void;
}

export interface SocketHandlers {
  opened(): void;
  message(text: string): void;
  /** Last call, also when the socket never opened. */
  closed(code: number, reason: string): void;
}

/** Opens a socket to `url` (`ws:` or `wss:`). Never throws; failure is a `closed` without `opened`. */
export type OpenSocket = (url: string, handlers: SocketHandlers) => SignalingSocket;
