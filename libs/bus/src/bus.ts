/** What a bus is needed for: asking one who serves, and telling all who listen. Payloads are JSON values. */
export interface Bus {
  /** `connected`, or since when it is not. Calls made meanwhile fail with `UNAVAILABLE` at once. */
  readonly status: BusStatus;

  /**
   * Sends a request and waits for its answer. Fails with the error that the server answered,
   * `DEADLINE_EXCEEDED` after `deadlineMs`, or `UNAVAILABLE` when nobody serves the subject or the bus is down.
   */
  request(subject: string, data: unknown, options: { deadlineMs: number }): Promise<unknown>;

  /**
   * Answers requests. What `handler` throws travels to the caller as a `SkeinError`. At most `maxInFlight`
   * (default 4096) run at once; one more is answered `TOO_MANY_REQUESTS`.
   */
  serve(
    subject: string,
    handler: (data: unknown) => Promise<unknown>,
    options?: { maxInFlight?: number },
  ): BusSubscription;

  /** Tells all listeners, at most once each. Never waits; dropped while the bus is down. */
  publish(subject: string, data: unknown): void;

  /** Calls `handler` for each message, in order. `subject` may hold `*`. A throwing handler is logged. */
  subscribe(subject: string, handler: (data: unknown, subject: string) => void): BusSubscription;

  /**
   * Resolves when the server was heard of lately, or answers now; else fails `UNAVAILABLE`, after half a second at most.
   * For what must not be begun without the bus: a server that hangs looks connected for some seconds.
   */
  ensure(): Promise<void>;

  /** Resolves when the server has seen every subscription made so far. Fails `UNAVAILABLE` or `DEADLINE_EXCEEDED`. */
  flush(options: { deadlineMs: number }): Promise<void>;

  /** Calls `listener` each time the connection is there again: messages of the time without it were lost. */
  onRecovered(listener: () => void): Disposable;

  /** Stops serving, lets running handlers answer, closes. */
  close(): Promise<void>;
}

export type BusStatus =
  { readonly state: 'connected' } | { readonly state: 'disconnected'; readonly sinceMs: number };

export interface BusSubscription {
  close(): void;
}
