import { describe, expect, it } from 'vitest';
import { ClientHarness, joinAnswer, participant } from '../testing/client-harness.ts';

const refusal = new DOMException('ICE server url is not valid', 'SyntaxError');

describe('a browser that refuses a peer connection', () => {
  it('fails the join with MEDIA_FAILED, leaves the room and closes the socket', async () => {
    const harness = new ClientHarness();
    harness.engine.openError = refusal;
    await expect(harness.join()).rejects.toMatchObject({
      name: 'SkeinClientError',
      code: 'MEDIA_FAILED',
      cause: refusal,
    });
    expect(harness.gateway.sent('leave')).toHaveLength(1);
    expect(harness.gateway.closedWith).toBe(1000);
  });

  it('stops everything after a failed join', async () => {
    const harness = new ClientHarness();
    harness.engine.openError = refusal;
    await expect(harness.join()).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
    await harness.pass(20_000);
    expect(harness.gateway.sockets).toHaveLength(1);
    expect(harness.gateway.sent('ping')).toHaveLength(0);
  });

  it('can join again once the browser accepts peer connections', async () => {
    const harness = new ClientHarness();
    harness.engine.openError = refusal;
    await expect(harness.join()).rejects.toMatchObject({ code: 'MEDIA_FAILED' });
    harness.engine.openError = undefined;
    expect((await harness.join()).connection.state).toBe('connected');
  });

  it('closes the room in a migration with one event', async () => {
    const harness = new ClientHarness({ others: [participant('ada')] });
    const room = await harness.join();
    const emitted: unknown[] = [];
    room.on('connectionStateChanged', ({ connection }) => emitted.push(connection));
    harness.engine.openError = refusal;
    harness.moveSession('rebuild', 2);
    await harness.settle();
    expect(emitted).toMatchObject([
      { state: 'recovering' },
      { state: 'closed', reason: 'media-failed', error: { code: 'MEDIA_FAILED', cause: refusal } },
    ]);
    expect(harness.gateway.sent('leave')).toHaveLength(1);
    expect(harness.gateway.closedWith).toBe(1000);
    expect(harness.link.closed).toBe(true);
    await expect(room.stats()).resolves.toMatchObject({ sent: [] });
  });

  it('closes the room when a lost session is rebuilt', async () => {
    const harness = new ClientHarness();
    const room = await harness.join();
    harness.welcomeAll();
    harness.gateway.answers.set('join', () => joinAnswer({ epoch: 2 }));
    harness.engine.openError = refusal;
    harness.gateway.event('sessionClosed', { reason: 'worker-died' });
    await harness.pass(200);
    expect(room.connection).toMatchObject({ state: 'closed', reason: 'media-failed' });
    expect(harness.gateway.sent('leave')).toHaveLength(1);
    expect(harness.gateway.closedWith).toBe(1000);
    await harness.pass(10_000);
    expect(harness.gateway.sockets).toHaveLength(2);
  });
});
