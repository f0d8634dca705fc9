import { errorStatus, SkeinError } from '@skein/protocol';
import type { ErrorCode } from '@skein/protocol';
import type { Readiness } from './readiness.ts';
import type { SecurityHeaders } from './security-headers.ts';
import type { WebFile, WebFiles } from './web-files.ts';

export interface HttpRequestHead {
  /** Upper case. */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly ifNoneMatch: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array | string;
  /** A HEAD request: only the length of the body is told. */
  readonly headOnly: boolean;
}

export interface HttpFacts {
  readonly readiness: () => Readiness;
  readonly web: WebFiles;
  /** Of every page and file. */
  readonly headers: SecurityHeaders;
}

export const SIGNAL_PATH = '/v1/signal';

/** Conditions of HTTP alone (RFC 9110 §15.5.6, §15.5.22). */
const METHOD_NOT_ALLOWED = 405;
const UPGRADE_REQUIRED = 426;

const JSON_HEADERS = [
  ['content-type', 'application/json; charset=utf-8'],
  ['cache-control', 'no-store'],
] as const;

/** The answer to any plain HTTP request. No I/O: the files are in memory. */
export function answerHttp(request: HttpRequestHead, facts: HttpFacts): HttpAnswer {
  const headOnly = request.method === 'HEAD';
  if (!headOnly && request.method !== 'GET') return { ...methodNotAllowed(request.method), headOnly };
  return { ...route(request, facts), headOnly };
}

/** The answer when making another one has failed. */
export function answerFault(): HttpAnswer {
  return { ...failure('INTERNAL', 'something went wrong inside; it was logged'), headOnly: false };
}

type Answer = Omit<HttpAnswer, 'headOnly'>;

function route(
  { path: given, ifNoneMatch }: HttpRequestHead,
  { readiness, web, headers }: HttpFacts,
): Answer {
  // A base address that ends in a slash, joined with a path that begins with one.
  const path = given.replace(/\/{2,}/g, '/');
  switch (path) {
    case '/healthz':
      return json(200, { alive: true });
    case '/readyz':
      return ready(readiness());
    case SIGNAL_PATH:
    case `${SIGNAL_PATH}/`:
      return failure('INVALID_MESSAGE', 'this address speaks WebSocket', {
        status: UPGRADE_REQUIRED,
        headers: [['upgrade', 'websocket']],
      });
    default: {
      const depth = pageDepth(path);
      const page = depth !== undefined;
      const file = page ? web.page(depth) : web.find(path);
      if (file) return fileAnswer(file, ifNoneMatch, headers);
      return page ? noWebPage(headers) : notFound(path);
    }
  }
}

/** To a WebSocket that the gateway has no room for. Another gateway may. */
export function answerFull(): HttpAnswer {
  const message = 'this gateway has all the connections that it takes; try another one, or later';
  const answer = failure('LIMIT_EXCEEDED', message, {
    status: errorStatus.UNAVAILABLE.http,
    headers: [['retry-after', '2']],
  });
  return { ...answer, headOnly: false };
}

/** How many folders below the root the page stands at `path`: `/`, `/room`, `/room/NAME`, `/room/NAME/`. */
function pageDepth(path: string): number | undefined {
  if (path === '/' || path === '/room') return 0;
  return /^\/room\/[^/]*\/?$/.test(path) ? path.split('/').length - 2 : undefined;
}

function ready(readiness: Readiness): Answer {
  return json(readiness.ready ? 200 : errorStatus.UNAVAILABLE.http, readiness);
}

function fileAnswer(
  { body, contentType, etag, immutable }: WebFile,
  ifNoneMatch: string,
  security: SecurityHeaders,
): Answer {
  const headers = [
    ...security,
    ['etag', etag],
    ['cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache'],
  ] as const;
  const known = ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
  if (known) return { status: 304, headers, body: '' };
  return { status: 200, headers: [...headers, ['content-type', contentType]], body };
}

function noWebPage(security: SecurityHeaders): Answer {
  const body = 'The web page has not been built, or SKEIN_GATEWAY_WEB_DIR does not point at it.\n';
  return {
    status: errorStatus.UNKNOWN_METHOD.http,
    headers: [...security, ['content-type', 'text/plain; charset=utf-8'], ['cache-control', 'no-store']],
    body,
  };
}

function notFound(path: string): Answer {
  const shown = path.length > 64 ? `${path.slice(0, 64)}…` : path;
  return failure('UNKNOWN_METHOD', `there is nothing at ${shown}`);
}

function methodNotAllowed(method: string): Answer {
  const message = `${method} is not allowed here, only GET and HEAD are`;
  return failure('UNKNOWN_METHOD', message, {
    status: METHOD_NOT_ALLOWED,
    headers: [['allow', 'GET, HEAD']],
  });
}

interface FailureOptions {
  /** Where HTTP has a status that says more than the code's own. */
  readonly status?: number;
  readonly headers?: HttpAnswer['headers'];
}

function failure(
  code: ErrorCode,
  message: string,
  { status = errorStatus[code].http, headers = [] }: FailureOptions = {},
): Answer {
  const answer = json(status, { error: new SkeinError(code, message).toWire() });
  return { ...answer, headers: [...answer.headers, ...headers] };
}

function json(status: number, value: unknown): Answer {
  return {
    status,
    headers: [...JSON_HEADERS, ['x-content-type-options', 'nosniff']],
    body: `${JSON.stringify(value)}\n`,
  };
}
