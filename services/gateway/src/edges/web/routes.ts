import { SkeinError } from '@skein/protocol';
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
  return { ...failure(500, 'INTERNAL', 'something went wrong inside; it was logged'), headOnly: false };
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
      return failure(426, 'INVALID_MESSAGE', 'this address speaks WebSocket', [['upgrade', 'websocket']]);
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
  const answer = failure(503, 'LIMIT_EXCEEDED', message, [['retry-after', '2']]);
  return { ...answer, headOnly: false };
}

/** How many folders below the root the page stands at `path`: `/`, `/room`, `/room/NAME`, `/room/NAME/`. */
function pageDepth(path: string): number | undefined {
  if (path === '/' || path === '/room') return 0;
  return /^\/room\/[^/]*\/?$/.test(path) ? path.split('/').length - 2 : undefined;
}

function ready(readiness: Readiness): Answer {
  return json(readiness.ready ? 200 : 503, readiness);
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
    status: 404,
    headers: [...security, ['content-type', 'text/plain; charset=utf-8'], ['cache-control', 'no-store']],
    body,
  };
}

function notFound(path: string): Answer {
  const shown = path.length > 64 ? `${path.slice(0, 64)}…` : path;
  return failure(404, 'UNKNOWN_METHOD', `there is nothing at ${shown}`);
}

function methodNotAllowed(method: string): Answer {
  const message = `${method} is not allowed here, only GET and HEAD are`;
  return failure(405, 'UNKNOWN_METHOD', message, [['allow', 'GET, HEAD']]);
}

function failure(
  status: number,
  code: ErrorCode,
  message: string,
  headers: readonly (readonly [string, string])[] = [],
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
