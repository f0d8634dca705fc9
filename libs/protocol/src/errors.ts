/**
 * Every code that can reach a client, an operator or another service. `docs/errors.md` explains each one; a test compares
 * the two. `errorStatus` has their status on each wire.
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
  /** Safe to show: no addresses, tokens or SDP. Names the fault and the remedy. */
  readonly message: string;
  readonly details?: ErrorDetails | undefined;
  /** Set when the same request may succeed after this time. */
  readonly retryAfterMs?: number | undefined;
}

interface ErrorExtras {
  readonly details?: ErrorDetails;
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** The error of all packages. Made by the factories below, or by those of a package (`GatewayError.x()`). */
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

  /** Converts anything thrown. Anything but a `SkeinError` becomes `INTERNAL` with the original as its cause. */
  static from(thrown: unknown): SkeinError {
    if (thrown instanceof SkeinError) return thrown;
    return new SkeinError('INTERNAL', 'something went wrong inside; it was logged', { cause: thrown });
  }

  /** `what`: the store or peer that does not answer now. Retried after `retryAfterMs`. */
  static unavailable(what: string, cause?: unknown, retryAfterMs = 1000): SkeinError {
    return new SkeinError('UNAVAILABLE', `${what} is not reachable right now; try again`, {
      retryAfterMs,
      cause,
    });
  }

  /** `what` did not answer within `deadlineMs`; its effect is unknown. */
  static deadline(what: string, deadlineMs: number, cause?: unknown): SkeinError {
    return new SkeinError('DEADLINE_EXCEEDED', `${what} did not answer within ${deadlineMs} ms; try again`, {
      details: { deadlineMs },
      retryAfterMs: 1000,
      cause,
    });
  }

  /** A message over the limit of its transport. `what` names it, such as `the answer`. */
  static tooLarge(what: string, messageBytes: number, limitBytes: number): SkeinError {
    return new SkeinError(
      'MESSAGE_TOO_LARGE',
      `${what} has ${messageBytes} bytes; at most ${limitBytes} can be sent`,
      { details: { messageBytes, limitBytes } },
    );
  }

  /** `field`: path of the field, such as `data.room`. `problem`: completes the sentence `data.room: …`. */
  static invalidArgument(field: string, problem: string): SkeinError {
    return new SkeinError('INVALID_ARGUMENT', `${field}: ${problem}`, { details: { field } });
  }
}
