import { Emitter } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { expect, it } from 'vitest';
import type { ClientTransport } from '../media/engine.ts';
import { MEDIA_TIMEOUT_MS, watchMediaPath } from './media-path.ts';

function setUp() {
  const clock = new FakeClock();
  const events: ClientTransport['events'] = new Emitter();
  const state = { lost: 0 };
  const watching = watchMediaPath({ events } as ClientTransport, clock, () => state.lost++);
  return { clock, events, state, watching };
}

it('a client that never connected is not lost', async () => {
  const { clock, events, state } = setUp();
  events.emit('path', { path: 'disconnected' });
  await clock.advance(10 * MEDIA_TIMEOUT_MS);
  expect(state.lost).toBe(0);
});

it('a connected client is lost after 15 s without a path', async () => {
  const { clock, events, state } = setUp();
  events.emit('path', { path: 'connected' });
  events.emit('path', { path: 'disconnected' });
  await clock.advance(MEDIA_TIMEOUT_MS - 1);
  expect(state.lost).toBe(0);
  await clock.advance(1);
  expect(state.lost).toBe(1);
});

it('a client that reconnects in time is not lost', async () => {
  const { clock, events, state } = setUp();
  for (const path of ['connected', 'disconnected', 'connected'] as const) events.emit('path', { path });
  await clock.advance(10 * MEDIA_TIMEOUT_MS);
  expect(state.lost).toBe(0);
});

it('a path that is gone for good loses the client at once, and once', () => {
  const { events, state } = setUp();
  events.emit('path', { path: 'gone' });
  events.emit('path', { path: 'gone' });
  expect(state.lost).toBe(1);
});

it('an ended session gets no event', async () => {
  const { clock, events, state, watching } = setUp();
  events.emit('path', { path: 'connected' });
  events.emit('path', { path: 'disconnected' });
  watching[Symbol.dispose]();
  await clock.advance(10 * MEDIA_TIMEOUT_MS);
  events.emit('path', { path: 'gone' });
  expect(state.lost).toBe(0);
});
