import { errorCodes, type ErrorCode, type ErrorDetails, type WireError } from '@skein/protocol';

/** Failures that only a client can see, beside those of the wire (`docs/errors.md`). */
export type ClientOnlyCode =
  /** No socket to the gateway could be opened. */
  | 'GATEWAY_UNREACHABLE'
  /** The socket closed, or the gateway stopped answering, while something was waited for. */
  | 'CONNECTION_LOST'
  /** The caller's `AbortSignal` fired. */
  | 'ABORTED'
  /** The room was left or its session ended; nothing can be asked of it any more. */
  | 'ROOM_CLOSED'
  /** This browser lacks WebRTC, or a codec that the room needs. */
  | 'BROWSER_UNSUPPORTED'
  /** The browser's media engine refused. */
  | 'MEDIA_FAILED';

export type ClientErrorCode = ErrorCode | ClientOnlyCode;

interface ErrorExtras {
  readonly details?: ErrorDetails | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Everything that the SDK rejects with or reports. `message` is safe to show; decide by `code`. */
export class SkeinClientError extends Error {
  override readonly name = 'SkeinClientError';
  readonly code: ClientErrorCode;
  readonly details: ErrorDetails | undefined;
  /** Set when the same call may succeed after this many milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: ClientErrorCode, message: string, { details, retryAfterMs, cause }: ErrorExtras = {}) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
    this.details = details;
    this.retryAfterMs = retryAfterMs;
  }

  static viewerPublishes(): SkeinClientError {
    return new SkeinClientError('PERMISSION_DENIED', 'a viewer publishes nothing; join as a participant');
  }

  static fromWire({ code, message, details, retryAfterMs }: WireError): SkeinClientError {
    return new SkeinClientError(code, message, { details, retryAfterMs });
  }

  /** The gateway's parting words; a code that this release does not know counts as `INTERNAL`. */
  static fromGateway({
    code,
    message,
  }: {
    readonly code: string;
    readonly message: string;
  }): SkeinClientError {
    const known = (errorCodes as readonly string[]).includes(code);
    return new SkeinClientError(known ? (code as ErrorCode) : 'INTERNAL', message);
  }

  /** Anything thrown, as a `SkeinClientError`; what is not one already came from the media engine. */
  static from(thrown: unknown): SkeinClientError {
    if (thrown instanceof SkeinClientError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new SkeinClientError('MEDIA_FAILED', `the browser's media engine refused: ${text}`, {
      cause: thrown,
    });
  }

  static deadline(what: string, deadlineMs: number): SkeinClientError {
    const message = `${what} was not answered within ${deadlineMs} ms; try again`;
    return new SkeinClientError('DEADLINE_EXCEEDED', message, {
      details: { deadlineMs },
      retryAfterMs: 1000,
    });
  }

  static aborted(signal: AbortSignal): SkeinClientError {
    return new SkeinClientError('ABORTED', 'the caller gave up waiting', { cause: signal.reason });
  }

  static roomClosed(): SkeinClientError {
    return new SkeinClientError('ROOM_CLOSED', 'the room was left or its session has ended; join again');
  }

  static unreachable(): SkeinClientError {
    const message = 'the gateway could not be reached; check the network and the address';
    return new SkeinClientError('GATEWAY_UNREACHABLE', message, { retryAfterMs: 1000 });
  }

  static connectionLost(why: string): SkeinClientError {
    return new SkeinClientError('CONNECTION_LOST', `the connection to the gateway was lost: ${why}`, {
      retryAfterMs: 1000,
    });
  }
}
