import { errorStatus, SkeinError } from '@skein/protocol';

export type HttpHeader = readonly [name: string, value: string];

/** A request without its body. */
export interface HttpHead {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the question mark; empty if there is none. */
  readonly query: string;
  /** By lower-case name. Several headers of one name are joined with commas. */
  readonly headers: ReadonlyMap<string, string>;
}

export interface HttpRequest extends HttpHead {
  /** Empty when the route takes no body. */
  readonly body: Uint8Array;
  /** Aborted when the client disconnects before it has the whole response. */
  readonly signal: AbortSignal;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: readonly HttpHeader[];
  /**
   * A stream's chunks are sent as they come, the headers with the first one, and the next one is taken when the client has
   * read enough. The server returns the iterator when the client disconnects; an iterator that waits should watch `signal`.
   */
  readonly body: Uint8Array | string | AsyncIterable<Uint8Array | string>;
}

export type HttpHandler = (request: HttpRequest) => HttpResponse | Promise<HttpResponse>;

/** Where a request goes, known from its head. */
export interface HttpRoute {
  /** The largest body that it takes, in bytes; a larger one is answered with 413. 0: a body is ignored. */
  readonly maxBodyBytes: number;
  readonly handle: HttpHandler;
}

export interface HttpRouter {
  /** Total: unknown paths and methods have routes that answer with an error. */
  route(head: HttpHead): HttpRoute;
}

/** Decision on an upgrade to another protocol. */
export type UpgradeDecision<Open> =
  | {
      readonly kind: 'accepted';
      readonly open: Open;
      /** To be called instead of `open` when the client has disconnected meanwhile. */
      readonly abandon: () => void;
    }
  | { readonly kind: 'refused'; readonly response: HttpResponse };

const JSON_HEADERS: readonly HttpHeader[] = [
  ['content-type', 'application/json; charset=utf-8'],
  ['cache-control', 'no-store'],
  ['x-content-type-options', 'nosniff'],
];

export function jsonResponse(
  status: number,
  value: unknown,
  headers: readonly HttpHeader[] = [],
): HttpResponse {
  return { status, headers: [...JSON_HEADERS, ...headers], body: `${JSON.stringify(value)}\n` };
}

/** An error as JSON, with the status of its code unless another one is given. */
export function errorResponse(
  error: SkeinError,
  { status = errorStatus[error.code].http, headers = [] }: { status?: number; headers?: HttpHeader[] } = {},
): HttpResponse {
  const { retryAfterMs } = error;
  const retryAfter: HttpHeader[] =
    retryAfterMs === undefined ? [] : [['retry-after', String(Math.ceil(retryAfterMs / 1000))]];
  return jsonResponse(status, { error: error.toWire() }, [...retryAfter, ...headers]);
}

/** Errors of HTTP requests, which have no method of the protocol. */
export const HttpError = {
  notFound: (path: string): SkeinError => {
    const shown = path.length > 64 ? `${path.slice(0, 64)}…` : path;
    return new SkeinError('UNKNOWN_METHOD', `there is nothing at ${shown}`);
  },
  methodNotAllowed: (method: string, allowed: readonly string[]): SkeinError =>
    new SkeinError('UNKNOWN_METHOD', `${method} is not allowed here; allowed are ${allowed.join(', ')}`),
  bodyTooLarge: (limitBytes: number): SkeinError =>
    new SkeinError('MESSAGE_TOO_LARGE', `the body may have at most ${limitBytes} bytes`, {
      details: { field: 'body', limitBytes },
    }),
  invalidBody: (problem: string): SkeinError =>
    new SkeinError('INVALID_MESSAGE', `body: ${problem}`, { details: { field: 'body' } }),
};

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** The request's body as JSON. Fails `INVALID_MESSAGE` when it is not JSON in UTF-8 (RFC 8259). */
export function readJson({ body }: Pick<HttpRequest, 'body'>): unknown {
  try {
    return JSON.parse(UTF8.decode(body)) as unknown;
  } catch {
    throw HttpError.invalidBody('is not JSON');
  }
}
