/** One participant's life on one media node, as this gateway addresses it. */
export interface SessionAddress {
  readonly room: string;
  readonly identity: string;
  readonly sessionId: string;
  readonly epoch: number;
  readonly nodeId: string;
}

/** A session that this gateway holds for a client, with what has to be let go when it ends. */
export interface JoinedSession {
  readonly address: SessionAddress;
  /** Stops room events and the session's own events. Safe to repeat. */
  release(): void;
}
