import type { CloseReason } from '@skein/client';
import { describe, expect, it } from 'vitest';
import { deviceText, endText, joinProblem, rejoinsAutomatically } from './problem-text.ts';

describe('problem texts', () => {
  it.each([
    'ROOM_FULL',
    'GATEWAY_UNREACHABLE',
    'UNAVAILABLE',
    'NODE_NOT_FOUND',
    'INTERNAL',
    'INVALID_ARGUMENT',
  ] as const)('have a sentence and advice for %s', (code) => {
    const { title, advice } = joinProblem({ code, message: 'name: must not be blank' });
    expect(title).toMatch(/^[A-Z].*\.$/);
    expect(advice).toMatch(/\.$/);
  });

  it('name all devices with the same problem in one sentence', () => {
    expect(deviceText(['camera', 'microphone'], 'denied')).toEqual({
      title: 'The camera and microphone are blocked.',
      advice: 'Allow them next to the page’s address. You can join without them.',
    });
    expect(deviceText(['camera'], 'missing').title).toBe('No camera was found.');
  });

  it('announce an automatic rejoin only after an unintended end', () => {
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
    expect(reasons.filter(rejoinsAutomatically)).toEqual([
      'connection-lost',
      'worker-died',
      'node-stopped',
      'media-timeout',
    ]);
    for (const reason of reasons) expect(endText(reason).title).toMatch(/\.$/);
  });
});
