/**
 * A WebSocket as its connection uses it, so that most tests run without a network. All calls are safe after the socket has
 * closed; they then do nothing.
 */
export interface Socket {
  /** Queues one text message. Past the socket's bound, the transport drops it and reports an overflow. */
  send(text: string): void;
  /** From now on, messages published to `topic` reach this socket too, in order with those sent to it. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Asks the peer for a pong. */
  ping(): void;
  /** Sends the queued messages, then the close frame. */
  close(code: number, reason: string): void;
  /** Cuts the connection; queued messages are lost. */
  terminate(): void;
}

/** Receives the events of one socket. */
export interface SocketHandler {
  /** `bytes` is only valid during the call. */
  receive(bytes: ArrayBuffer, isBinary: boolean): void;
  /** The peer sent a ping or a pong. */
  handleHeartbeat(): void;
  /** A message was dropped because the socket's bound was reached. Called once. */
  handleOverflow(): void;
  /** The queue is empty again. */
  handleDrain(): void;
  /** `code`: the client's close code; 1006 when the connection was lost without one. */
  handleClosed(code: number): void;
}

/** Sends one text to every socket subscribed to a topic. */
export interface Broadcaster {
  publish(topic: string, text: string): void;
}
