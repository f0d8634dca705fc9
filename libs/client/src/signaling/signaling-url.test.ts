import { expect, it } from 'vitest';
import { signalingUrl } from './signaling-url.ts';

it.each([
  ['https://meet.example.org', 'wss://meet.example.org/v1/signal'],
  ['http://localhost:8080/', 'ws://localhost:8080/v1/signal'],
  ['wss://meet.example.org/v1/signal', 'wss://meet.example.org/v1/signal'],
  ['https://example.org/skein/v1/signal#top', 'wss://example.org/skein/v1/signal'],
  ['http://example.org/meet', 'ws://example.org/meet/v1/signal'],
  ['https://example.org/meet/', 'wss://example.org/meet/v1/signal'],
  ['http://example.org//', 'ws://example.org/v1/signal'],
  ['http://example.org//meet//', 'ws://example.org/meet/v1/signal'],
  ['https://example.org/v1/signal/', 'wss://example.org/v1/signal'],
])('signalingUrl converts %s to %s', (url, expected) => {
  expect(signalingUrl(url)).toBe(expected);
});

it.each(['', 'meet.example.org', 'ftp://example.org'])('signalingUrl refuses %j', (url) => {
  expect(() => signalingUrl(url)).toThrow(
    expect.objectContaining({ code: 'INVALID_ARGUMENT', details: { field: 'url' } }),
  );
});
