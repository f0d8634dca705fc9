import { STATUS_CODES } from 'node:http';
import { SkeinError } from '@skein/protocol';
import type { HttpRequest as UwsRequest, HttpResponse as UwsResponse } from 'uWebSockets.js';
import {
  errorResponse,
  HttpError,
  type HttpHead,
  type HttpResponse,
  type HttpRoute,
  type HttpRouter,
} from '../edges/web/http.ts';

export interface ServeDeps {
  readonly router: HttpRouter;
  readonly onError: (error: unknown) => void;
}

/** Copies the head of a request, which uWebSockets allows during its callback only. */
export function headOf(request: UwsRequest): HttpHead {
  const headers = new Map<string, string>();
  request.forEach((name, value) => {
    const earlier = headers.get(name);
    headers.set(name, earlier === undefined ? value : `${earlier}, ${value}`);
  });
  return {
    method: request.getCaseSensitiveMethod().toUpperCase(),
    path: request.getUrl(),
    query: request.getQuery(),
    headers,
  };
}

/** Routes one request, reads its body within the route's limit, and writes the handler's response. */
export function serve(response: UwsResponse, request: UwsRequest, deps: ServeDeps): void {
  const head = headOf(request);
  const abort = new AbortController();
  // A response must not be used after it was aborted.
  response.onAborted(() => abort.abort(new Error('the client disconnected')));
  const route = deps.router.route(head);
  const exchange = { head, response, abort, deps };
  if (route.maxBodyBytes === 0) void handle(exchange, route, new Uint8Array());
  else receiveBody(exchange, route);
}

interface Exchange {
  readonly head: HttpHead;
  readonly response: UwsResponse;
  readonly abort: AbortController;
  readonly deps: ServeDeps;
}

function receiveBody(exchange: Exchange, route: HttpRoute): void {
  const { head, response, abort } = exchange;
  const { maxBodyBytes } = route;
  const refuse = (): void => {
    // The rest of the body is not read, so that the connection cannot serve another request.
    respond(response, head, errorResponse(HttpError.bodyTooLarge(maxBodyBytes)), true);
    abort.abort(new Error('the body was too large'));
  };
  if (Number(head.headers.get('content-length') ?? 0) > maxBodyBytes) return refuse();
  const chunks: Buffer[] = [];
  let bytes = 0;
  response.onData((chunk, isLast) => {
    if (abort.signal.aborted) return;
    bytes += chunk.byteLength;
    if (bytes > maxBodyBytes) return void response.cork(refuse);
    // uWebSockets takes the chunk's memory back after the call.
    chunks.push(Buffer.from(new Uint8Array(chunk)));
    if (isLast) void handle(exchange, route, Buffer.concat(chunks));
  });
}

/** uWebSockets requires a response to every request, so that this never rejects. */
async function handle(exchange: Exchange, route: HttpRoute, body: Uint8Array): Promise<void> {
  const { head, response, abort, deps } = exchange;
  let answer: HttpResponse;
  try {
    answer = await route.handle({ ...head, body, signal: abort.signal });
  } catch (error) {
    const failure = SkeinError.from(error);
    if (failure.code === 'INTERNAL') deps.onError(error);
    answer = errorResponse(failure);
  }
  if (isStream(answer.body)) return await stream(exchange, answer, answer.body);
  if (!abort.signal.aborted) response.cork(() => respond(response, head, answer));
}

function isStream(body: HttpResponse['body']): body is AsyncIterable<Uint8Array | string> {
  return typeof body !== 'string' && !(body instanceof Uint8Array);
}

function writeHead(response: UwsResponse, { status, headers }: HttpResponse): void {
  response.writeStatus(`${status} ${STATUS_CODES[status] ?? ''}`);
  for (const [name, value] of headers) response.writeHeader(name, value);
}

/** Writes a response that is not a stream. Call it corked. */
export function respond(
  response: UwsResponse,
  { method }: HttpHead,
  answer: HttpResponse,
  closes = false,
): void {
  const { status, body } = answer;
  if (isStream(body)) throw new Error('a stream is not written at once');
  writeHead(response, answer);
  if (closes) response.writeHeader('connection', 'close');
  // With an argument, `endWithoutBody` of this version of uWebSockets writes a length of its own, or ends the process.
  if (status === 304 || status === 204) response.endWithoutBody();
  else if (method === 'HEAD')
    response.writeHeader('content-length', String(Buffer.byteLength(body))).endWithoutBody();
  else response.end(body, closes);
}

/** Writes a stream chunk by chunk; takes the next one when the client has read enough of those before. */
async function stream(
  { head, response, abort, deps }: Exchange,
  answer: HttpResponse,
  body: AsyncIterable<Uint8Array | string>,
): Promise<void> {
  const { signal } = abort;
  const iterator = body[Symbol.asyncIterator]();
  const release = (): void => void iterator.return?.().catch(deps.onError);
  if (signal.aborted) return release();
  if (head.method === 'HEAD') {
    response.cork(() => {
      writeHead(response, answer);
      response.endWithoutBody();
    });
    return release();
  }
  signal.addEventListener('abort', release, { once: true });
  const writable = new Writable(response, signal);
  try {
    for (let isFirst = true; ; isFirst = false) {
      const { done, value } = await iterator.next();
      if (signal.aborted) return;
      if (isFirst) response.cork(() => writeHead(response, answer));
      if (done) break;
      if (!writable.write(value)) await writable.drained();
      if (signal.aborted) return;
    }
    response.cork(() => response.end());
  } catch (error) {
    if (signal.aborted) return;
    deps.onError(error);
    // The status has been sent: only a cut connection shows the client that the response is incomplete.
    response.close();
  } finally {
    signal.removeEventListener('abort', release);
  }
}

/** The queue of a streamed response. */
class Writable {
  readonly #response: UwsResponse;
  readonly #signal: AbortSignal;
  #onDrained: () => void = () => {};

  constructor(response: UwsResponse, signal: AbortSignal) {
    this.#response = response;
    this.#signal = signal;
    response.onWritable(() => {
      this.#onDrained();
      return true;
    });
    signal.addEventListener('abort', () => this.#onDrained(), { once: true });
  }

  /** Whether the client takes more now; the chunk is queued in any case. */
  write(chunk: Uint8Array | string): boolean {
    // uWebSockets ends the response at an empty chunk.
    if (chunk.length === 0) return true;
    let hasRoom = true;
    this.#response.cork(() => (hasRoom = this.#response.write(chunk)));
    return hasRoom;
  }

  /** Resolves when the queue is empty, or the client has disconnected. */
  drained(): Promise<void> {
    if (this.#signal.aborted) return Promise.resolve();
    return new Promise((resolve) => (this.#onDrained = resolve));
  }
}
