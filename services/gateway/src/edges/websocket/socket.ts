/**
 * What a connection needs of its transport, so that most tests run without a network. All calls are safe after
 * the socket has closed; they then do nothing.
 */
export interface Socket {
  /** Queues one text message. When the socket's bound is passed, the transport reports an overflow and drops it. */
  send(text: string): void;
  /** From now on, what is published to `topic` goes to this socket too, in order with what is sent to it. */
  subscribe(topic: string): void;
  unsubscribe(topic: string): void;
  /** Asks the other end for a sign of life. */
  ping(): void;
  /** Sends what is queued, then the close frame. */
  close(code: number, reason: string): void;
  /** Cuts the connection; what is queued is lost. */
  terminate(): void;
}

/** Sends one text to every socket subscribed to a topic. */
export interface Broadcaster {
  publish(topic: string, text: string): void;
}
