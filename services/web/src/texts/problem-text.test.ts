import type { CloseReason } from '@skein/client';
import { describe, expect, it } from 'vitest';
import { deviceText, endText, joinProblem, rejoinsByItself } from './problem-text.ts';

describe('what people are told', () => {
  it.each([
    'ROOM_FULL',
    'GATEWAY_UNREACHABLE',
    'UNAVAILABLE',
    'NODE_NOT_FOUND',
    'INTERNAL',
    'INVALID_ARGUMENT',
  ] as const)('%s becomes a sentence and an advice', (code) => {
    const { title, advice } = joinProblem({ code, message: 'name: must not be blank' });
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/\.$/);
  });

  it('names all devices that have the same problem in one sentence', () => {
    expect(deviceText(['camera', 'microphone'], 'denied')).toEqual({
      title: 'The camera and microphone are blocked.',
      advice: 'Allow them next to the page’s address. You can join without.',
    });
    expect(deviceText(['camera'], 'missing').title).toBe('No camera was found.');
  });

  it('comes back by itself only from what nobody wanted', () => {
    const reasons: CloseReason[] = [
      'left',
      'superseded',
      'removed',
      'connection-lost',
      'worker-died',
      'node-stopped',
      'media-timeout',
      'media-failed',
    ];
    expect(reasons.filter(rejoinsByItself)).toEqual([
      'connection-lost',
      'worker-died',
      'node-stopped',
      'media-timeout',
    ]);
    for (const reason of reasons) expect(endText(reason).title).toMatch(/\.$/);
  });
});
