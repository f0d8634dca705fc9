/** Request-reply with one server of a subject, and publish-subscribe. Payloads are JSON values. */
export interface Bus {
  /** `connected`, or since when it is not. Calls fail with `UNAVAILABLE` at once meanwhile. */
  readonly status: BusStatus;

  /** Longest payload that one message can carry now, bytes. The server decides; it may change with a reconnect. */
  readonly maxPayloadBytes: number;

  /**
   * Sends a request and waits for its answer. Fails with the error that the server answered,
   * `DEADLINE_EXCEEDED` after `deadlineMs`, `UNAVAILABLE` when no server has the subject or the bus is down, or
   * `MESSAGE_TOO_LARGE` when the request or its answer is longer than `maxPayloadBytes`.
   */
  request(subject: string, data: unknown, options: { deadlineMs: number }): Promise<unknown>;

  /**
   * Answers requests. One server of a subject, chosen at random, gets each request. What `handler` throws travels
   * to the caller as a `SkeinError`; a result longer than `maxPayloadBytes` is answered `MESSAGE_TOO_LARGE` and logged. At
   * most `maxInFlight` (default 4096) run at once; one more is answered `TOO_MANY_REQUESTS`.
   */
  serve(
    subject: string,
    handler: (data: unknown) => Promise<unknown>,
    options?: { maxInFlight?: number },
  ): BusSubscription;

  /**
   * Publishes to all subscribers, at most once each. Never waits; drops the message while the bus is down. A message longer than
   * `maxPayloadBytes` is dropped too, and logged as an error: the publisher has to bound it.
   */
  publish(subject: string, data: unknown): void;

  /** Calls `handler` for each message, in order. `subject` may hold `*`. A throwing handler is logged. */
  subscribe(subject: string, handler: (data: unknown, subject: string) => void): BusSubscription;

  /**
   * Resolves when the server sent something lately, or answers now; otherwise fails `UNAVAILABLE` within half a second.
   * Call it before work that must not begin without the bus: a server that hangs looks connected for some seconds.
   */
  ensure(): Promise<void>;

  /** Resolves when the server has seen every subscription made so far. Fails `UNAVAILABLE` or `DEADLINE_EXCEEDED`. */
  flush(options: { deadlineMs: number }): Promise<void>;

  /** Calls `listener` after each reconnection. Messages published during the outage are lost. */
  onRecovered(listener: () => void): Disposable;

  /** Stops serving, lets running handlers answer, closes. */
  close(): Promise<void>;
}

export type BusStatus =
  { readonly state: 'connected' } | { readonly state: 'disconnected'; readonly sinceMs: number };

export interface BusSubscription {
  close(): void;
}
