import { SkeinError } from '@skein/protocol';

/** Errors of the bus, as its callers get them. */
export const BusError = {
  /** There is no connection, or the server does not answer. Retryable. */
  unavailable: (cause?: unknown): SkeinError => SkeinError.unavailable('the bus', cause),
  /** No server has the subject. Retryable. */
  noPeer: (cause?: unknown): SkeinError => SkeinError.unavailable('the peer', cause),
  noAnswer: (deadlineMs: number, cause?: unknown): SkeinError =>
    SkeinError.deadline('the peer', deadlineMs, cause),
  notFlushed: (deadlineMs: number): SkeinError => SkeinError.deadline('the bus', deadlineMs),
  /** The server's limit fell since it was last read. */
  tooLargeForServer: (subject: string, cause: unknown): SkeinError =>
    new SkeinError('MESSAGE_TOO_LARGE', 'the message is larger than NATS takes', {
      cause,
      details: { subject },
    }),
  notSent: (subject: string, cause: unknown): SkeinError =>
    new SkeinError('INTERNAL', 'the message could not be sent', { cause, details: { subject } }),
  requestUnreadable: (cause: unknown): SkeinError =>
    new SkeinError('INVALID_MESSAGE', 'the request is not JSON', { cause }),
  answerUnreadable: (cause?: unknown): SkeinError =>
    new SkeinError('INTERNAL', 'the answer could not be read', { cause }),
  /** The server of a subject is at its limit of requests in flight. Retryable. */
  busy: (limit: number): SkeinError =>
    new SkeinError('TOO_MANY_REQUESTS', 'too many requests are running; try again', {
      details: { limit },
      retryAfterMs: 500,
    }),
};
