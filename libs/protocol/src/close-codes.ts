/** WebSocket close codes that the gateway uses (4000-4999 is the application's range, RFC 6455 §7.4.2). */
export const closeCodes = {
  /** The client left, or the gateway stopped: nothing went wrong. */
  normal: 1000,
  goingAway: 1001,
  messageTooLarge: 1009,
  joinTimeout: 4000,
  slowConsumer: 4001,
  heartbeatLost: 4002,
} as const;
