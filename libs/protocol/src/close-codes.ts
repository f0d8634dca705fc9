/** The gateway's WebSocket close codes (RFC 6455 §7.4; 4000-4999 is the application's range). `docs/protocol.md` lists them. */
export const closeCodes = {
  /** The client left. */
  normal: 1000,
  /** The gateway stops. */
  goingAway: 1001,
  /** A message exceeded 1 MiB. */
  messageTooLarge: 1009,
  /** No join or resume succeeded within `limits.joinDeadlineMs`. */
  joinTimeout: 4000,
  /** The client read more slowly than messages came. */
  slowConsumer: 4001,
  /** The client was silent for too long. */
  heartbeatLost: 4002,
} as const;
