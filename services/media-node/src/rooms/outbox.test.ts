import { SkeinError } from '@skein/protocol';
import { seededRandom } from '@skein/runtime';
import { FakeClock } from '@skein/runtime/testing';
import { silentLogger } from '@skein/telemetry';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.ts';

function setUp(maxWaiting = 10) {
  const clock = new FakeClock();
  const written: string[] = [];
  const store = { down: true };
  const outbox = new Outbox({
    clock,
    random: seededRandom(1),
    log: silentLogger,
    onWritten: (room) => written.push(`told ${room}`),
    backoff: { firstMs: 100, maxMs: 1000 },
    maxWaiting,
  });
  const write = (name: string) => async () => {
    if (store.down) throw SkeinError.unavailable('the store');
    written.push(name);
    return { changes: [] };
  };
  return { clock, store, outbox, written, write };
}

describe('an announcement', () => {
  it('an announcement is written at once when the store answers', async () => {
    const { outbox, store, written, write } = setUp();
    store.down = false;
    expect(await outbox.deliver('r', 'a', write('a'))).toBe('done');
    expect(written).toEqual(['a', 'told r']);
    expect(outbox.waiting).toBe(0);
  });

  it('announcements wait for a store that is down, and are written in order', async () => {
    const { outbox, store, written, write, clock } = setUp();
    expect(await outbox.deliver('r', 'a', write('a'))).toBe('waiting');
    await clock.advance(5000);
    expect(await outbox.deliver('r', 'b', write('b'))).toBe('waiting');
    store.down = false;
    expect(await outbox.deliver('r', 'c', write('c'))).toBe('waiting');
    await clock.advance(1500);
    expect(written.filter((line) => !line.startsWith('told'))).toEqual(['a', 'b', 'c']);
    expect(outbox.waiting).toBe(0);
  });

  it('an announcement replaces an earlier one of the same key', async () => {
    const { outbox, store, written, write, clock } = setUp();
    await outbox.deliver('r', 'mute', write('muted'));
    await outbox.deliver('r', 'mute', write('unmuted'));
    expect(outbox.waiting).toBe(1);
    store.down = false;
    await clock.advance(1500);
    expect(written).toEqual(['unmuted', 'told r']);
  });

  it('a rejected announcement throws when it is immediate, and is dropped when it is late', async () => {
    const { outbox, clock } = setUp();
    const refusal = new SkeinError('STALE_EPOCH', 'placed again');
    await expect(outbox.deliver('r', 'a', () => Promise.reject(refusal))).rejects.toBe(refusal);
    let first = true;
    await outbox.deliver('r', 'b', () => {
      const error = first ? SkeinError.unavailable('the store') : refusal;
      first = false;
      return Promise.reject(error);
    });
    expect(outbox.waiting).toBe(1);
    await clock.advance(1500);
    expect(outbox.waiting).toBe(0);
  });

  it('an announcement beyond the bound replaces the oldest', async () => {
    const { outbox, store, written, write, clock } = setUp(2);
    for (const key of ['a', 'b', 'c']) await outbox.deliver('r', key, write(key));
    expect(outbox.waiting).toBe(2);
    store.down = false;
    await clock.advance(1500);
    expect(written.filter((line) => !line.startsWith('told'))).toEqual(['b', 'c']);
  });
});
