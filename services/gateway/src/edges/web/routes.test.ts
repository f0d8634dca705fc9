import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readWebFolder } from '../../adapters/web-folder.ts';
import { readinessOf } from './readiness.ts';
import { answerHttp } from './routes.ts';
import { securityHeaders } from './security-headers.ts';
import type { HttpAnswer } from './routes.ts';

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

function get(
  path: string,
  { method = 'GET', ifNoneMatch = '', facts = well, files = web, sources = noSources } = {},
): HttpAnswer {
  return answerHttp(
    { method, path, ifNoneMatch },
    { readiness: () => readinessOf(facts), web: files, headers: securityHeaders(sources) },
  );
}

function headerOf(answer: HttpAnswer, name: string): string | undefined {
  return answer.headers.find(([key]) => key === name)?.[1];
}

function bodyOf({ body }: HttpAnswer): string {
  return typeof body === 'string' ? body : Buffer.from(body).toString();
}

describe('the web page', () => {
  test.each(['/', '/room/daily', '/room/a%20b', '/index.html'])('is at %s', (path) => {
    const answer = get(path);
    expect(answer.status).toBe(200);
    expect(bodyOf(answer)).toContain('<!doctype html>');
    expect(headerOf(answer, 'content-type')).toBe('text/html; charset=utf-8');
    expect(headerOf(answer, 'cache-control')).toBe('no-cache');
  });

  test.each([
    ['/', './'],
    ['//', './'],
    ['/room', './'],
    ['/room/daily', '../'],
    ['/room/daily/', '../../'],
  ])('at %s finds its files at %s, whatever prefix a proxy puts before both', (path, base) => {
    expect(bodyOf(get(path))).toContain(`src="${base}app-5HJ2K7QX.js"`);
  });

  test('lets connections go to the other gateways, and nothing else', () => {
    const sources = ['wss://b.example.org', 'ws://c:8081'];
    const policy = headerOf(get('/', { sources }), 'content-security-policy');
    expect(policy).toContain("; connect-src 'self' wss://b.example.org ws://c:8081; ");
    expect(policy).toContain("script-src 'self';");
    expect(headerOf(get('/'), 'content-security-policy')).toContain("; connect-src 'self'; ");
  });

  test('lets scripts, camera and WebSocket of its own origin work, and nothing else', () => {
    const policy = headerOf(get('/'), 'content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).not.toContain('unsafe');
    expect(headerOf(get('/'), 'permissions-policy')).toContain('camera=(self), microphone=(self)');
  });

  test('has its hashed files kept for ever, and others asked for again', () => {
    expect(headerOf(get('/assets/app-5HJ2K7QX.js'), 'cache-control')).toContain('immutable');
    expect(headerOf(get('/assets/app-5HJ2K7QX.js'), 'content-type')).toContain('text/javascript');
    expect(headerOf(get('/icon.svg'), 'cache-control')).toBe('no-cache');
  });

  test('is not sent again to those who have it', () => {
    const etag = headerOf(get('/'), 'etag') ?? '';
    expect(get('/', { ifNoneMatch: `W/${etag}, "other"` })).toMatchObject({ status: 304, body: '' });
    expect(get('/', { ifNoneMatch: '"other"' }).status).toBe(200);
  });

  test('that has not been built is said so', () => {
    const answer = get('/', { files: nothing });
    expect(answer.status).toBe(404);
    expect(bodyOf(answer)).toContain('SKEIN_GATEWAY_WEB_DIR');
  });
});

describe('health', () => {
  test('is alive whatever else is missing', () => {
    const facts = { natsConnected: false, redisConnected: false, readyNodes: 0, stopping: true };
    expect(get('/healthz', { facts }).status).toBe(200);
  });

  test.each([
    [well, 200, []],
    [{ ...well, natsConnected: false }, 503, ['nats']],
    [{ ...well, redisConnected: false }, 503, ['redis']],
    [{ ...well, readyNodes: 0 }, 503, ['media-nodes']],
    [{ ...well, stopping: true }, 503, ['running']],
  ])('is ready only with all that a join needs: %o', (facts, status, missing) => {
    const answer = get('/readyz', { facts });
    expect(answer.status).toBe(status);
    expect(JSON.parse(bodyOf(answer))).toEqual({ ready: status === 200, missing });
  });
});

describe('other requests', () => {
  test.each(['/nothing', '/../settings.ts', '/assets', '/%2e%2e/x'])('to %s get a typed 404', (path) => {
    const answer = get(path);
    expect(answer.status).toBe(404);
    expect(JSON.parse(bodyOf(answer))).toMatchObject({ error: { code: 'UNKNOWN_METHOD' } });
  });

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('with %s get 405 and what is allowed', (method) => {
    const answer = get('/', { method });
    expect(answer.status).toBe(405);
    expect(headerOf(answer, 'allow')).toBe('GET, HEAD');
  });

  test('with HEAD get the same head', () => {
    expect(get('/', { method: 'HEAD' })).toEqual({ ...get('/'), headOnly: true });
  });

  test('for signaling without WebSocket are told so', () => {
    expect(get('/v1/signal').status).toBe(426);
  });
});
