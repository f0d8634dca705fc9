/**
 * Every code that can reach a client, an operator or another service. `docs/errors.md` explains each one; a
 * test holds the two against each other.
 */
export const errorCodes = [
  'INVALID_MESSAGE',
  'MESSAGE_TOO_LARGE',
  'UNKNOWN_METHOD',
  'INVALID_ARGUMENT',
  'UNSUPPORTED_PROTOCOL',
  'NOT_JOINED',
  'ALREADY_JOINED',
  'JOIN_TIMEOUT',
  'ROOM_FULL',
  'NO_NODE_AVAILABLE',
  'NODE_NOT_FOUND',
  'ROOM_NOT_FOUND',
  'STALE_EPOCH',
  'SUPERSEDED',
  'SESSION_NOT_FOUND',
  'TRACK_NOT_FOUND',
  'SUBSCRIPTION_NOT_FOUND',
  'OWN_TRACK',
  'PERMISSION_DENIED',
  'RTP_PARAMETERS_REJECTED',
  'INCOMPATIBLE_CODECS',
  'TRANSPORT_STATE',
  'LIMIT_EXCEEDED',
  'TOO_MANY_REQUESTS',
  'SLOW_CONSUMER',
  'DEADLINE_EXCEEDED',
  'UNAVAILABLE',
  'PIPE_FAILED',
  'INTERNAL',
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** Structured facts beside the message: the field that was wrong, the limit that was passed. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

/** An error as it travels: in WebSocket answers, NATS replies, gRPC status details. */
export interface WireError {
  readonly code: ErrorCode;
  /** Safe to show: no addresses, no tokens, no SDP. Says what was wrong and what to do. */
  readonly message: string;
  readonly details?: ErrorDetails | undefined;
  /** Set when the same request may succeed later. */
  readonly retryAfterMs?: number | undefined;
}

interface ErrorExtras {
  readonly details?: ErrorDetails;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The one error family of Skein. Made by the factories below, or by a package's own factories. */
export class SkeinError extends Error {
  override readonly name = 'SkeinError';
  readonly code: ErrorCode;
  readonly details: ErrorDetails | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, { details, retryAfterMs, cause }: ErrorExtras = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }

  toWire(): WireError {
    const { code, message, details, retryAfterMs } = this;
    return {
      code,
      message,
      ...(details && { details }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    };
  }

  static fromWire({ code, message, details, retryAfterMs }: WireError): SkeinError {
    return new SkeinError(code, message, {
      ...(details && { details }),
      ...(retryAfterMs !== undefined && { retryAfterMs }),
    });
  }

  /** Anything thrown, as a `SkeinError`: what is not one already becomes `INTERNAL`, its text kept as cause. */
  static from(thrown: unknown): SkeinError {
    if (thrown instanceof SkeinError) return thrown;
    return new SkeinError('INTERNAL', 'something went wrong inside; it was logged', { cause: thrown });
  }

  /** A store or a peer that does not answer now. */
  static unavailable(what: string, cause?: unknown, retryAfterMs = 1000): SkeinError {
    return new SkeinError('UNAVAILABLE', `${what} is not reachable right now; try again`, {
      retryAfterMs,
      cause,
    });
  }

  static deadline(what: string, deadlineMs: number, cause?: unknown): SkeinError {
    return new SkeinError('DEADLINE_EXCEEDED', `${what} did not answer within ${deadlineMs} ms; try again`, {
      details: { deadlineMs },
      retryAfterMs: 1000,
      cause,
    });
  }

  /** A message that its transport does not take. `what` names it, such as `the answer`. */
  static tooLarge(what: string, messageBytes: number, limitBytes: number): SkeinError {
    return new SkeinError(
      'MESSAGE_TOO_LARGE',
      `${what} has ${messageBytes} bytes; at most ${limitBytes} can be sent`,
      { details: { messageBytes, limitBytes } },
    );
  }

  static invalidArgument(field: string, problem: string): SkeinError {
    return new SkeinError('INVALID_ARGUMENT', `${field}: ${problem}`, { details: { field } });
  }
}
