import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readWebFolder } from '../../adapters/web-folder.ts';
import { readinessOf } from './readiness.ts';
import type { HttpResponse } from './http.ts';
import { Router } from './router.ts';
import { webResources } from './routes.ts';
import { securityHeaders } from './security-headers.ts';

const folder = mkdtempSync(join(tmpdir(), 'skein-web-'));
mkdirSync(join(folder, 'assets'));
writeFileSync(join(folder, 'index.html'), '<!doctype html><script src="./app-5HJ2K7QX.js"></script>');
writeFileSync(join(folder, 'assets', 'app-5HJ2K7QX.js'), 'go()');
writeFileSync(join(folder, 'icon.svg'), '<svg/>');
afterAll(() => rmSync(folder, { recursive: true }));

const web = await readWebFolder(folder);
const nothing = await readWebFolder(join(folder, 'not-there'));
const well = { natsConnected: true, redisConnected: true, readyNodes: 1, stopping: false };

const noSources: readonly string[] = [];

async function get(
  path: string,
  { method = 'GET', ifNoneMatch = '', facts = well, files = web, sources = noSources } = {},
): Promise<HttpResponse> {
  const deps = { readiness: () => readinessOf(facts), web: files, headers: securityHeaders(sources) };
  const head = { method, path, query: '', headers: new Map([['if-none-match', ifNoneMatch]]) };
  const { signal } = new AbortController();
  const { handle } = new Router(webResources(deps)).route(head);
  return await handle({ ...head, body: new Uint8Array(), signal });
}

function headerOf(response: HttpResponse, name: string): string | undefined {
  return response.headers.find(([key]) => key === name)?.[1];
}

function bodyOf({ body }: HttpResponse): string {
  return typeof body === 'string' ? body : Buffer.from(body as Uint8Array).toString();
}

describe('the web page', () => {
  it.each(['/', '/room/daily', '/room/a%20b', '/index.html'])(
    'the web page is served at %s',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(200);
      expect(bodyOf(answer)).toContain('<!doctype html>');
      expect(headerOf(answer, 'content-type')).toBe('text/html; charset=utf-8');
      expect(headerOf(answer, 'cache-control')).toBe('no-cache');
    },
  );

  it.each([
    ['/', './'],
    ['//', './'],
    ['/room', './'],
    ['/room/daily', '../'],
    ['/room/daily/', '../../'],
  ])('the page at %s finds its files at %s behind any proxy prefix', async (path, base) => {
    expect(bodyOf(await get(path))).toContain(`src="${base}app-5HJ2K7QX.js"`);
  });

  it('the content policy allows connections to the other gateways only', async () => {
    const sources = ['wss://b.example.org', 'ws://c:8081'];
    const policy = headerOf(await get('/', { sources }), 'content-security-policy');
    expect(policy).toContain("; connect-src 'self' wss://b.example.org ws://c:8081; ");
    expect(policy).toContain("script-src 'self';");
    expect(headerOf(await get('/'), 'content-security-policy')).toContain("; connect-src 'self'; ");
  });

  it('the content policy allows scripts, camera and WebSocket of its origin only', async () => {
    const policy = headerOf(await get('/'), 'content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headerOf(await get('/'), 'permissions-policy')).toContain('camera=(self), microphone=(self)');
  });

  it('hashed files are cached for ever and others are revalidated', async () => {
    expect(headerOf(await get('/assets/app-5HJ2K7QX.js'), 'cache-control')).toContain('immutable');
    expect(headerOf(await get('/assets/app-5HJ2K7QX.js'), 'content-type')).toContain('text/javascript');
    expect(headerOf(await get('/icon.svg'), 'cache-control')).toBe('no-cache');
  });

  it('a cached page is answered with 304', async () => {
    const etag = headerOf(await get('/'), 'etag') ?? '';
    expect(await get('/', { ifNoneMatch: `W/${etag}, "other"` })).toMatchObject({ status: 304, body: '' });
    expect((await get('/', { ifNoneMatch: '"other"' })).status).toBe(200);
  });

  it('a missing web page is answered with a 404 that names the setting', async () => {
    const answer = await get('/', { files: nothing });
    expect(answer.status).toBe(404);
    expect(bodyOf(answer)).toContain('SKEIN_GATEWAY_WEB_DIR');
  });
});

describe('health', () => {
  it('a gateway is alive whatever is missing', async () => {
    const facts = { natsConnected: false, redisConnected: false, readyNodes: 0, stopping: true };
    expect((await get('/healthz', { facts })).status).toBe(200);
  });

  it.each([
    [well, 200, []],
    [{ ...well, natsConnected: false }, 503, ['nats']],
    [{ ...well, redisConnected: false }, 503, ['redis']],
    [{ ...well, readyNodes: 0 }, 503, ['media-nodes']],
    [{ ...well, stopping: true }, 503, ['running']],
  ])('a gateway is ready only with all that a join needs: %o', async (facts, status, missing) => {
    const answer = await get('/readyz', { facts });
    expect(answer.status).toBe(status);
    expect(JSON.parse(bodyOf(answer))).toEqual({ ready: status === 200, missing });
  });
});

describe('other requests', () => {
  it.each(['/nothing', '/../settings.ts', '/assets', '/%2e%2e/x'])(
    'a request to %s gets a typed 404',
    async (path) => {
      const answer = await get(path);
      expect(answer.status).toBe(404);
      expect(JSON.parse(bodyOf(answer))).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } });
    },
  );

  it.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])(
    'a %s request for a page gets 405 and the allowed methods',
    async (method) => {
      const answer = await get('/', { method });
      expect(answer.status).toBe(405);
      expect(headerOf(answer, 'allow')).toBe('GET, HEAD');
    },
  );

  it('a HEAD request gets the same head as GET', async () => {
    expect(await get('/', { method: 'HEAD' })).toEqual(await get('/'));
  });

  it('a plain request for signaling gets 426', async () => {
    expect((await get('/v1/signal')).status).toBe(426);
  });
});
