import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import type { SkeinClientError } from '../errors/client-error.ts';
import { FakeGateway, Refusal } from '../testing/fake-gateway.ts';
import { SignalingConnection } from './connection.ts';
import { Signaling } from './signaling.ts';

class Fixture {
  readonly gateway = new FakeGateway();
  readonly clock = new FakeClock();
  readonly signaling = new Signaling(this.clock, this.connect());

  connect(): SignalingConnection {
    const connection = new SignalingConnection('wss://gateway.test', this.gateway.openSocket, this.clock);
    this.gateway.accept();
    return connection;
  }

  /** The last socket was lost, as the session notices it. */
  lose(): void {
    this.gateway.drop();
    this.signaling.hold();
  }
}

const outcome = (request: Promise<unknown>): Promise<unknown> =>
  request.then(
    (answer) => answer,
    (error: SkeinClientError) => error.code,
  );

describe('Signaling', () => {
  it('repeats unanswered requests over the next socket with the same ids and order', async () => {
    const fixture = new Fixture();
    const { gateway, signaling, clock } = fixture;
    const first = signaling.request('sync', { version: 1 });
    const second = signaling.request('sync', { version: 2 });
    gateway.answer('s1', { changes: ['first'] });
    await first;
    fixture.lose();
    const third = signaling.request('sync', { version: 3 });
    await clock.advance(1000);
    expect(gateway.requests).toHaveLength(2);
    signaling.use(fixture.connect());
    await clock.advance(0);
    expect(gateway.requests.slice(2).map(({ id, data }) => [id, data['version']])).toEqual([
      ['s2', 2],
      ['s3', 3],
    ]);
    gateway.answer('s3', { changes: ['third'] });
    gateway.answer('s2', { changes: ['second'] });
    expect(await Promise.all([second, third])).toEqual([{ changes: ['second'] }, { changes: ['third'] }]);
  });

  it('rejects with an error of the gateway and does not retry', async () => {
    const { gateway, signaling } = new Fixture();
    const request = outcome(signaling.request('ping', {}));
    gateway.refuse('s1', new Refusal('UNAVAILABLE', 500));
    expect(await request).toBe('UNAVAILABLE');
  });

  it('ends each request at its deadline, over any number of sockets', async () => {
    const fixture = new Fixture();
    const request = outcome(fixture.signaling.request('ping', {}));
    await fixture.clock.advance(4000);
    fixture.lose();
    await fixture.clock.advance(3000);
    fixture.signaling.use(fixture.connect());
    await fixture.clock.advance(0);
    await fixture.clock.advance(3000);
    expect(await request).toBe('DEADLINE_EXCEEDED');
    expect(fixture.gateway.requests).toHaveLength(2);
  });

  it('repeats unanswered requests when the old socket closes after the next one is used', async () => {
    const fixture = new Fixture();
    const { gateway, signaling } = fixture;
    const request = signaling.request('ping', {});
    const old = gateway.sockets[0];
    signaling.use(fixture.connect());
    old?.handlers.closed(1000, '');
    await fixture.clock.advance(0);
    gateway.answer('s1', {});
    expect(await request).toEqual({});
  });

  it('keeps at most 512 requests waiting for a socket', async () => {
    const fixture = new Fixture();
    fixture.lose();
    const request = Array.from({ length: 512 }, () => outcome(fixture.signaling.request('ping', {})));
    expect(await outcome(fixture.signaling.request('ping', {}))).toBe('LIMIT_EXCEEDED');
    fixture.signaling.close();
    expect(new Set(await Promise.all(request))).toEqual(new Set(['ROOM_CLOSED']));
    expect(await outcome(fixture.signaling.request('ping', {}))).toBe('ROOM_CLOSED');
  });
});
