import { describe, expect, test } from 'vitest';
import { Turns } from './semaphore.ts';

const never = new AbortController().signal;

describe('turns', () => {
  test('are taken at once while there are any, then in the order of asking', async () => {
    const turns = new Turns(2);
    const [first, second] = [await turns.take(never), await turns.take(never)];
    const order: string[] = [];
    const third = turns.take(never).then((turn) => (order.push('third'), turn));
    const fourth = turns.take(never).then((turn) => (order.push('fourth'), turn));
    expect(turns.waiting).toBe(2);
    second[Symbol.dispose]();
    second[Symbol.dispose]();
    const last = await third;
    expect(order).toEqual(['third']);
    first[Symbol.dispose]();
    (await fourth)[Symbol.dispose]();
    last[Symbol.dispose]();
    expect(order).toEqual(['third', 'fourth']);
    await turns.take(never);
    await turns.take(never);
    expect(turns.waiting).toBe(0);
  });

  test('are lost by whoever gives up waiting, and by nobody else', async () => {
    const turns = new Turns(1);
    const held = await turns.take(never);
    const abort = new AbortController();
    const impatient = turns.take(abort.signal);
    const patient = turns.take(never);
    abort.abort(new Error('gone'));
    await expect(impatient).rejects.toThrow('gone');
    held[Symbol.dispose]();
    (await patient)[Symbol.dispose]();
    await expect(turns.take(abort.signal)).rejects.toThrow('gone');
    await turns.take(never);
  });
});
