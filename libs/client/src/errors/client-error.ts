import { errorCodes, type ErrorCode, type ErrorDetails, type WireError } from '@skein/protocol';

/** Errors of the client itself, in addition to those of the wire (`docs/errors.md`). */
export type ClientOnlyCode =
  /** No connection to a gateway could be opened. */
  | 'GATEWAY_UNREACHABLE'
  /** The connection closed, or the gateway stopped answering, during a request. */
  | 'CONNECTION_LOST'
  /** The caller's `AbortSignal` fired. */
  | 'ABORTED'
  /** The room was left or its session ended. */
  | 'ROOM_CLOSED'
  /** The browser lacks WebRTC or a codec that the room needs. */
  | 'BROWSER_UNSUPPORTED'
  /** The browser's media engine refused an operation. */
  | 'MEDIA_FAILED';

export type ClientErrorCode = ErrorCode | ClientOnlyCode;

interface ErrorExtras {
  readonly details?: ErrorDetails | undefined;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** The only error type of the SDK: calls reject with it, and the `error` event carries it. `message` is safe to show; branch on `code`. */
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
    return new SkeinClientError('PERMISSION_DENIED', 'viewers cannot publish; join as a participant');
  }

  static fromWire({ code, message, details, retryAfterMs }: WireError): SkeinClientError {
    return new SkeinClientError(code, message, { details, retryAfterMs });
  }

  /** The reason for which a gateway closes the connection. An unknown code becomes `INTERNAL`. */
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

  /** Converts anything thrown. What is not a `SkeinClientError` came from the media engine. */
  static from(thrown: unknown): SkeinClientError {
    if (thrown instanceof SkeinClientError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new SkeinClientError('MEDIA_FAILED', `the browser's media engine refused: ${text}`, {
      cause: thrown,
    });
  }

  static deadline(what: string, deadlineMs: number): SkeinClientError {
    const message = `no answer to ${what} within ${deadlineMs} ms; try again`;
    return new SkeinClientError('DEADLINE_EXCEEDED', message, {
      details: { deadlineMs },
      retryAfterMs: 1000,
    });
  }

  static unsupportedProtocol(own: number, ofGateway: number): SkeinClientError {
    const message = `this page speaks protocol ${own}, the gateway ${ofGateway}; reload the page`;
    return new SkeinClientError('UNSUPPORTED_PROTOCOL', message);
  }

  static limitExceeded(limit: number): SkeinClientError {
    const message = `more than ${limit} requests are queued`;
    return new SkeinClientError('LIMIT_EXCEEDED', message, { retryAfterMs: 1000 });
  }

  static browserUnsupported(cause: unknown): SkeinClientError {
    const message =
      'this browser lacks WebRTC or the codecs of this service; use a current Chrome, Edge, Firefox or Safari';
    return new SkeinClientError('BROWSER_UNSUPPORTED', message, { cause });
  }

  static engineNotLoaded(): SkeinClientError {
    return new SkeinClientError('BROWSER_UNSUPPORTED', 'the media engine is not loaded yet');
  }

  static cannotSend(mimeType: string): SkeinClientError {
    return new SkeinClientError('INCOMPATIBLE_CODECS', `this browser cannot send ${mimeType}`);
  }

  static captureEnded(): SkeinClientError {
    const message = 'this MediaStreamTrack has ended; capture again and pass the new one';
    return new SkeinClientError('MEDIA_FAILED', message);
  }

  static trackNotPublished(): SkeinClientError {
    return new SkeinClientError('TRACK_NOT_FOUND', 'this track is not published any more');
  }

  static invalidUrl(): SkeinClientError {
    const message = 'url: must be an address such as https://meet.example.org';
    return new SkeinClientError('INVALID_ARGUMENT', message, { details: { field: 'url' } });
  }

  static incompleteAnswer(message: string): SkeinClientError {
    return new SkeinClientError('INTERNAL', message);
  }

  static aborted(signal: AbortSignal): SkeinClientError {
    return new SkeinClientError('ABORTED', 'aborted by the caller', { cause: signal.reason });
  }

  static roomClosed(): SkeinClientError {
    return new SkeinClientError('ROOM_CLOSED', 'the room was left or its session has ended; join again');
  }

  static unreachable(): SkeinClientError {
    const message = 'the gateway is unreachable; check the network and the address';
    return new SkeinClientError('GATEWAY_UNREACHABLE', message, { retryAfterMs: 1000 });
  }

  static connectionLost(reason: string): SkeinClientError {
    return new SkeinClientError('CONNECTION_LOST', `lost the connection to the gateway: ${reason}`, {
      retryAfterMs: 1000,
    });
  }
}
