import { SkeinError } from '@skein/protocol';
import { errorResponse, HttpError, type HttpRequest, type HttpResponse, jsonResponse } from './http.ts';
import type { Readiness } from './readiness.ts';
import type { Resource } from './router.ts';
import type { SecurityHeaders } from './security-headers.ts';
import type { WebFile, WebFiles } from './web-files.ts';

export interface WebDeps {
  readonly readiness: () => Readiness;
  readonly web: WebFiles;
  /** Sent with every page and file. */
  readonly headers: SecurityHeaders;
}

export const SIGNAL_PATH = '/v1/signal';

/** Health, readiness and the web page, whose files are in memory. The last resource matches every path. */
export function webResources(deps: WebDeps): readonly Resource[] {
  return [
    { matches: isPath('/healthz'), methods: { GET: () => jsonResponse(200, { alive: true }) } },
    { matches: isPath('/readyz'), methods: { GET: () => ready(deps.readiness()) } },
    { matches: isPath(SIGNAL_PATH, `${SIGNAL_PATH}/`), methods: { GET: upgradeRequired } },
    { matches: () => true, methods: { GET: (request) => serveFile(request, deps) } },
  ];
}

function isPath(...paths: readonly string[]): (path: string) => boolean {
  return (path) => paths.includes(path);
}

function upgradeRequired(): HttpResponse {
  const error = new SkeinError('INVALID_MESSAGE', 'this address speaks WebSocket');
  return errorResponse(error, { status: 426, headers: [['upgrade', 'websocket']] });
}

function ready(readiness: Readiness): HttpResponse {
  return jsonResponse(readiness.ready ? 200 : 503, readiness);
}

function serveFile({ path, headers }: HttpRequest, deps: WebDeps): HttpResponse {
  const depth = pageDepth(path);
  const isPage = depth !== undefined;
  const file = isPage ? deps.web.page(depth) : deps.web.find(path);
  if (file) return fileResponse(file, headers.get('if-none-match') ?? '', deps.headers);
  return isPage ? noWebPage(deps.headers) : errorResponse(HttpError.notFound(path), { status: 404 });
}

/** How many folders below the root the page at `path` is: `/`, `/room`, `/room/NAME`, `/room/NAME/`. */
function pageDepth(path: string): number | undefined {
  if (path === '/' || path === '/room') return 0;
  return /^\/room\/[^/]*\/?$/.test(path) ? path.split('/').length - 2 : undefined;
}

function fileResponse(
  { body, contentType, etag, immutable }: WebFile,
  ifNoneMatch: string,
  security: SecurityHeaders,
): HttpResponse {
  const headers = [
    ...security,
    ['etag', etag],
    ['cache-control', immutable ? 'public, max-age=31536000, immutable' : 'no-cache'],
  ] as const;
  const isCached = ifNoneMatch.split(',').some((one) => one.trim().replace(/^W\//, '') === etag);
  if (isCached) return { status: 304, headers, body: '' };
  return { status: 200, headers: [...headers, ['content-type', contentType]], body };
}

function noWebPage(security: SecurityHeaders): HttpResponse {
  const body = 'The web page has not been built, or SKEIN_GATEWAY_WEB_DIR does not point at it.\n';
  return {
    status: 404,
    headers: [...security, ['content-type', 'text/plain; charset=utf-8'], ['cache-control', 'no-store']],
    body,
  };
}
