import { describe, expect, it } from 'vitest';
import { OutboundWindow } from './outbound-window.ts';

const KIB = 1024;

describe('the outbound window', () => {
  it('a full window rejects messages until the server confirms some', async () => {
    const confirmed: (() => void)[] = [];
    const window = new OutboundWindow(() => new Promise((resolve) => confirmed.push(resolve)), 1024 * KIB);
    for (let n = 0; n < 8; n++) {
      expect(window.take(128 * KIB)).toBe(true);
      window.sent();
    }
    expect(window.take(1)).toBe(false);
    expect(confirmed).toHaveLength(2);
    confirmed[0]?.();
    await Promise.resolve();
    expect(window.unconfirmedBytes).toBe(512 * KIB);
    expect(window.take(1)).toBe(true);
  });

  it('a lost connection empties the window', async () => {
    const window = new OutboundWindow(() => Promise.reject(new Error('lost')), 1024 * KIB);
    window.take(600 * KIB);
    window.sent();
    await Promise.resolve();
    expect(window.unconfirmedBytes).toBe(0);
  });
});
