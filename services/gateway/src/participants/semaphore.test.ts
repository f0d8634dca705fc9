import { describe, expect, it } from 'vitest';
import { Semaphore } from './semaphore.ts';

const never = new AbortController().signal;

describe('semaphore', () => {
  it('a semaphore grants its permits at once, then in order', async () => {
    const semaphore = new Semaphore(2);
    const [first, second] = [await semaphore.acquire(never), await semaphore.acquire(never)];
    const order: string[] = [];
    const third = semaphore.acquire(never).then((turn) => (order.push('third'), turn));
    const fourth = semaphore.acquire(never).then((turn) => (order.push('fourth'), turn));
    expect(semaphore.waiting).toBe(2);
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    const last = await third;
    expect(order).toEqual(['third']);
    first[Symbol.dispose]();
    (await fourth)[Symbol.dispose]();
    last[Symbol.dispose]();
    expect(order).toEqual(['third', 'fourth']);
    await semaphore.acquire(never);
    await semaphore.acquire(never);
    expect(semaphore.waiting).toBe(0);
  });

  it('an aborted wait does not use up a permit', async () => {
    const semaphore = new Semaphore(1);
    const held = await semaphore.acquire(never);
    const abort = new AbortController();
    const impatient = semaphore.acquire(abort.signal);
    const patient = semaphore.acquire(never);
    abort.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    held[Symbol.dispose]();
    (await patient)[Symbol.dispose]();
    await expect(semaphore.acquire(abort.signal)).rejects.toThrow('gone');
    await semaphore.acquire(never);
  });
});
