import { describe, expect, it } from 'vitest';
import { Bench, joinAnswer, participant } from '../testing/client-harness.ts';

const refusal = new DOMException('ICE server url is not valid', 'SyntaxError');

describe('a browser that refuses a peer connection', () => {
  it('makes the join fail as MEDIA_FAILED, after leaving the room and closing the socket', async () => {
    const bench = new Bench();
    bench.engine.openError = refusal;
    await expect(bench.join()).rejects.toMatchObject({
      name: 'SkeinClientError',
      code: 'MEDIA_FAILED',
      cause: refusal,
    });
    expect(bench.gateway.sent('leave')).toHaveLength(1);
    expect(bench.gateway.closedWith).toBe(1000);
  });

  it('leaves nothing at work behind a failed join', async () => {
    const bench = new Bench();
    bench.engine.openError = refusal;
    await expect(bench.join()).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
    await bench.pass(20_000);
    expect(bench.gateway.sockets).toHaveLength(1);
    expect(bench.gateway.sent('ping')).toHaveLength(0);
  });

  it('can be asked to join again once it takes peer connections', async () => {
    const bench = new Bench();
    bench.engine.openError = refusal;
    await expect(bench.join()).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
    bench.engine.openError = undefined;
    expect((await bench.join()).connection.state).toBe('connected');
  });

  it('closes the room when the session moves, and tells so once', async () => {
    const bench = new Bench({ others: [participant('ada')] });
    const room = await bench.join();
    const told: unknown[] = [];
    room.on('connectionStateChanged', ({ connection }) => told.push(connection));
    bench.engine.openError = refusal;
    bench.moveSession('rebuild', 2);
    await bench.settle();
    expect(told).toMatchObject([
      { state: 'recovering' },
      { state: 'closed', reason: 'media-failed', error: { code: 'MEDIA_FAILED', cause: refusal } },
    ]);
    expect(bench.gateway.sent('leave')).toHaveLength(1);
    expect(bench.gateway.closedWith).toBe(1000);
    expect(bench.link.closed).toBe(true);
    await expect(room.stats()).resolves.toMatchObject({ sent: [] });
  });

  it('closes the room when the session is made anew after it was lost', async () => {
    const bench = new Bench();
    const room = await bench.join();
    bench.welcomeAll();
    bench.gateway.answers.set('join', () => joinAnswer({ epoch: 2 }));
    bench.engine.openError = refusal;
    bench.gateway.event('sessionClosed', { reason: 'worker-died' });
    await bench.pass(200);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'media-failed' });
    expect(bench.gateway.sent('leave')).toHaveLength(1);
    expect(bench.gateway.closedWith).toBe(1000);
    await bench.pass(10_000);
    expect(bench.gateway.sockets).toHaveLength(2);
  });
});
