import { once } from 'node:events';
import { connect } from 'node:net';
import { SkeinError } from '@skein/protocol';
import { eventually } from '@skein/testkit';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HttpRequest, jsonResponse, readJson } from '../edges/web/http.ts';
import { type Resource, Router } from '../edges/web/router.ts';
import { startUwsServer, type UwsServer } from './uws-server.ts';

const MAX_BODY_BYTES = 100_000;
const CHUNK = 'x'.repeat(64 * 1024);

let server: UwsServer;
let base: string;
let errors: unknown[];
let requests: HttpRequest[];
/** Chunks that the endless stream has been asked for. */
let pulled: number;
let isStreamReturned: boolean;

const at =
  (path: string): Resource['matches'] =>
  (given) =>
    given === path;

const resources: readonly Resource[] = [
  {
    matches: at('/echo'),
    methods: {
      GET: (request) => {
        requests.push(request);
        return jsonResponse(200, { query: request.query });
      },
      POST: {
        maxBodyBytes: MAX_BODY_BYTES,
        handle: async (request) => {
          requests.push(request);
          await new Promise((resolve) => setImmediate(resolve));
          return jsonResponse(201, readJson(request), [['location', '/echo/1']]);
        },
      },
    },
  },
  {
    matches: at('/fails'),
    methods: {
      GET: async () => await Promise.reject(new Error('secret')),
      DELETE: () => {
        throw new SkeinError('ROOM_NOT_FOUND', 'no such room', { retryAfterMs: 1500 });
      },
    },
  },
  {
    matches: at('/three'),
    methods: {
      GET: () => ({ status: 200, headers: [['content-type', 'text/event-stream']], body: three() }),
    },
  },
  { matches: at('/endless'), methods: { GET: () => ({ status: 200, headers: [], body: endless() }) } },
  {
    matches: at('/waits'),
    methods: {
      GET: async (request) => {
        requests.push(request);
        await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
        return jsonResponse(200, {});
      },
    },
  },
];

async function* three(): AsyncGenerator<string | Uint8Array> {
  yield 'one ';
  await new Promise((resolve) => setImmediate(resolve));
  yield Buffer.from('two ');
  yield '';
  yield 'three';
}

async function* endless(): AsyncGenerator<string> {
  try {
    for (;;) {
      pulled++;
      yield await Promise.resolve(CHUNK);
    }
  } finally {
    isStreamReturned = true;
  }
}

beforeEach(async () => {
  [errors, requests, pulled, isStreamReturned] = [[], [], 0, false];
  server = await startUwsServer({
    ...{ host: '127.0.0.1', port: 0, socketPaths: [] },
    router: new Router(resources),
    upgrade: () => Promise.reject(new Error('not reached')),
    onError: (error) => void errors.push(error),
  });
  base = `http://127.0.0.1:${server.port}`;
});
afterEach(() => server.close());

const post = (body: RequestInit['body'], headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${base}/echo`, { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

describe('a request', () => {
  it('a request reaches its handler with path, query, headers and body', async () => {
    const body = JSON.stringify({ text: 'ü'.repeat(40_000) });
    const response = await post(body, { 'x-one': '1' });
    expect(response.status).toBe(201);
    expect(response.headers.get('location')).toBe('/echo/1');
    expect(JSON.stringify(await response.json())).toBe(body);
    expect(requests).toMatchObject([{ method: 'POST', path: '/echo' }]);
    expect(requests[0]?.headers.get('x-one')).toBe('1');
    expect(await (await fetch(`${base}//echo?a=b&c`)).json()).toEqual({ query: 'a=b&c' });
  });

  it('a body of unknown length is read', async () => {
    const chunks = ['{"a":', '"b', '"}'];
    const body = new ReadableStream({
      pull: (controller) => {
        const chunk = chunks.shift();
        if (chunk === undefined) controller.close();
        else controller.enqueue(Buffer.from(chunk));
      },
    });
    expect(await (await post(body)).json()).toEqual({ a: 'b' });
  });

  it.each([
    ['a declared length', () => 'x'.repeat(MAX_BODY_BYTES + 1)],
    ['chunks', () => new Blob(['x'.repeat(MAX_BODY_BYTES), 'x'.repeat(MAX_BODY_BYTES)]).stream()],
  ])('a body that is too large by %s gets a typed 413 and no handler', async (_, body) => {
    const response = await post(body());
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({
      error: { code: 'MESSAGE_TOO_LARGE', details: { limitBytes: MAX_BODY_BYTES } },
    });
    expect(requests).toHaveLength(0);
  });

  it('a body of exactly the limit is accepted', async () => {
    const body = JSON.stringify('x'.repeat(MAX_BODY_BYTES - 2));
    expect((await post(body)).status).toBe(201);
  });

  it.each([
    ['text', 'hello'],
    ['half a document', '{"a":'],
    ['bytes that are not UTF-8', new Uint8Array([0x22, 0xff, 0x22])],
    ['nothing', ''],
  ])('a body with %s for JSON gets a typed 400', async (_, body) => {
    const response = await post(body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'INVALID_MESSAGE', details: { field: 'body' } },
    });
  });

  it('a wrong method gets 405 with Allow, an unknown path a typed 404', async () => {
    const wrong = await fetch(`${base}/echo`, { method: 'DELETE' });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, POST');
    expect(await wrong.json()).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } });
    const unknown = await fetch(`${base}/nothing`, { method: 'POST', body: 'x'.repeat(200_000) });
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } });
  });

  it('a failed handler is answered with a typed error that hides its cause', async () => {
    const failed = await fetch(`${base}/fails`);
    expect(failed.status).toBe(500);
    const text = await failed.text();
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'INTERNAL' } });
    expect(text).not.toContain('secret');
    expect(errors).toMatchObject([{ message: 'secret' }]);
    const typed = await fetch(`${base}/fails`, { method: 'DELETE' });
    expect(typed.status).toBe(404);
    expect(typed.headers.get('retry-after')).toBe('2');
    expect(errors).toHaveLength(1);
  });

  it("a handler's signal aborts when the client disconnects", async () => {
    const abort = new AbortController();
    const response = fetch(`${base}/waits`, { signal: abort.signal });
    await eventually('the request', () => requests.length === 1);
    abort.abort();
    await expect(response).rejects.toThrow('aborted');
    await eventually('the abort', () => requests[0]?.signal.aborted);
    expect((await fetch(`${base}/echo`)).status).toBe(200);
  });

  it('pipelined requests are answered in order', async () => {
    const tcp = connect({ port: server.port, host: '127.0.0.1' });
    await once(tcp, 'connect');
    const head = (query: string): string => `GET /echo?${query} HTTP/1.1\r\nhost: a\r\n\r\n`;
    tcp.write(head('first') + head('second'));
    let text = '';
    tcp.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await eventually('both responses', () => /"first".*"second"/s.test(text));
    tcp.destroy();
  });

  it('a request that is cut in its body reaches no handler', async () => {
    const tcp = connect({ port: server.port, host: '127.0.0.1' });
    await once(tcp, 'connect');
    tcp.write('POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\n{"a"');
    tcp.end();
    await once(tcp.resume(), 'close');
    expect((await fetch(`${base}/echo`)).status).toBe(200);
    expect(requests.map(({ method }) => method)).toEqual(['GET']);
  });
});

describe('a streamed response', () => {
  it('a streamed response sends its chunks as they come, without a length', async () => {
    const response = await fetch(`${base}/three`);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(response.headers.get('content-length')).toBeNull();
    expect(await response.text()).toBe('one two three');
    const head = await fetch(`${base}/three`, { method: 'HEAD' });
    expect([head.status, await head.text()]).toEqual([200, '']);
  });

  it('a streamed response waits for a slow reader and continues when it reads', async () => {
    const tcp = connect({ port: server.port, host: '127.0.0.1' });
    await once(tcp, 'connect');
    tcp.pause();
    tcp.write('GET /endless HTTP/1.1\r\nhost: a\r\n\r\n');
    let before = -1;
    await eventually(
      'a full queue',
      () => {
        const isStill = pulled > 0 && pulled === before;
        before = pulled;
        return isStill;
      },
      { everyMs: 50 },
    );
    const stalledAt = pulled;
    let receivedBytes = 0;
    tcp.on('data', (bytes: Buffer) => (receivedBytes += bytes.length));
    tcp.resume();
    await eventually('more chunks', () => pulled > 2 * stalledAt && receivedBytes > stalledAt * CHUNK.length);
    tcp.destroy();
    await eventually('the end of the stream', () => isStreamReturned);
    expect(errors).toEqual([]);
  });

  it('a streamed response is released when the server closes', async () => {
    const response = await fetch(`${base}/endless`);
    server.close();
    await eventually('the end of the stream', () => isStreamReturned);
    await expect(response.text()).rejects.toThrow('terminated');
  });
});
