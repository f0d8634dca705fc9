import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { SkeinClientError } from '../errors/client-error.ts';
import { FakeGateway, Refusal } from '../testing/fake-gateway.ts';
import { SignalingConnection } from './connection.ts';

function open(): { gateway: FakeGateway; clock: FakeClock; connection: SignalingConnection } {
  const gateway = new FakeGateway();
  const clock = new FakeClock();
  const connection = new SignalingConnection('wss://gateway.test/v1/signal', gateway.openSocket, clock);
  gateway.accept();
  return { gateway, clock, connection };
}

async function codeOf(failing: Promise<unknown>): Promise<string> {
  return await failing.then(
    () => 'no failure',
    (error: SkeinClientError) => error.code,
  );
}

describe('SignalingConnection', () => {
  it('matches answers to requests by id, in any order', async () => {
    const { gateway, connection } = open();
    const first = connection.request('sync', { version: 1 });
    const second = connection.request('sync', { version: 2 });
    gateway.answer('q2', { changes: ['second'] });
    gateway.answer('q1', { changes: ['first'] });
    expect(await Promise.all([first, second])).toEqual([{ changes: ['first'] }, { changes: ['second'] }]);
  });

  it('rejects with the code and retry time of the wire error', async () => {
    const { gateway, connection } = open();
    const request = connection.request('ping', {});
    gateway.refuse('q1', new Refusal('UNAVAILABLE', 700));
    await expect(request).rejects.toMatchObject({ code: 'UNAVAILABLE', retryAfterMs: 700 });
  });

  it('fails a request after 10 seconds and ignores its late answer', async () => {
    const { gateway, clock, connection } = open();
    const code = codeOf(connection.request('ping', {}));
    await clock.advance(10_000);
    expect(await code).toBe('DEADLINE_EXCEEDED');
    gateway.answer('q1', {});
  });

  it('aborts a request with its signal', async () => {
    const { connection } = open();
    const abort = new AbortController();
    const code = codeOf(connection.request('ping', {}, { signal: abort.signal }));
    abort.abort();
    expect(await code).toBe('ABORTED');
    expect(await codeOf(connection.request('ping', {}, { signal: abort.signal }))).toBe('ABORTED');
  });

  it('fails pending requests when the socket closes, and later ones', async () => {
    const { gateway, connection } = open();
    const waiting = codeOf(connection.request('ping', {}));
    gateway.drop();
    expect(await waiting).toBe('CONNECTION_LOST');
    expect(await codeOf(connection.request('ping', {}))).toBe('CONNECTION_LOST');
  });

  it('fails pending requests with the close reason of the gateway', async () => {
    const { gateway, connection } = open();
    const waiting = codeOf(connection.request('ping', {}));
    gateway.event('error', { code: 'SLOW_CONSUMER', message: 'too slow' });
    gateway.drop(4001);
    expect(await waiting).toBe('SLOW_CONSUMER');
  });

  it('keeps at most 48 requests in flight and sends the rest as answers come', async () => {
    const { gateway, connection } = open();
    const request = Array.from({ length: 60 }, () => connection.request('ping', {}));
    expect(gateway.requests).toHaveLength(48);
    for (let index = 0; index < gateway.requests.length; index++)
      gateway.answer(gateway.requests[index]?.id ?? '', {});
    await Promise.all(request);
    expect(gateway.requests).toHaveLength(60);
  });

  it('refuses a request when 512 are queued', async () => {
    const { connection } = open();
    const request = Array.from({ length: 48 + 512 }, () => codeOf(connection.request('ping', {})));
    expect(await codeOf(connection.request('ping', {}))).toBe('LIMIT_EXCEEDED');
    connection.close();
    expect(new Set(await Promise.all(request))).toEqual(new Set(['CONNECTION_LOST']));
  });

  it('drops frames of unknown form and emits frameIgnored', () => {
    const { gateway, connection } = open();
    const problems: string[] = [];
    connection.events.on('frameIgnored', ({ problem }) => problems.push(problem));
    for (const text of ['not json', '[]', '17', '{"id":5}', 'null']) gateway.raw(text);
    expect(problems).toHaveLength(5);
  });

  it('closes with GATEWAY_UNREACHABLE when the socket never opened', () => {
    const gateway = new FakeGateway();
    const connection = new SignalingConnection('wss://gateway.test', gateway.openSocket, new FakeClock());
    const codes: string[] = [];
    connection.events.on('closed', ({ error }) => codes.push(error.code));
    gateway.drop();
    gateway.drop();
    expect(codes).toEqual(['GATEWAY_UNREACHABLE']);
  });
});
