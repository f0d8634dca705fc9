import { FakeClock } from '@skein/runtime/testing';
import { describe, expect, it } from 'vitest';
import { Throttle } from './throttle.ts';

function setUp() {
  const clock = new FakeClock();
  const ran: string[] = [];
  const paced = new Throttle({ clock, everyMs: 100 });
  const run = (key: string, what: string): Promise<void> =>
    paced.run(key, async () => void ran.push(`${key} ${what}`));
  return { clock, paced, ran, run };
}

describe('what is paced', () => {
  it('a task runs at once, then only the last of those that arrived meanwhile', async () => {
    const { clock, ran, run } = setUp();
    await run('a', 'first');
    const rest = Promise.all([run('a', 'second'), run('a', 'third'), run('a', 'fourth')]);
    expect(ran).toEqual(['a first']);
    await clock.advance(100);
    await rest;
    expect(ran).toEqual(['a first', 'a fourth']);
  });

  it('an endless stream of tasks runs a hundred times in ten seconds', async () => {
    const { clock, ran, run } = setUp();
    let last = '';
    for (let turn = 0; turn < 2000; turn++) {
      void run('a', (last = String(turn)));
      await clock.advance(5);
    }
    await clock.advance(100);
    expect(ran.length).toBeLessThanOrEqual(101);
    expect(ran.at(-1)).toBe(`a ${last}`);
  });

  it('a task of one key does not wait for another key', async () => {
    const { ran, run } = setUp();
    await Promise.all([run('a', '1'), run('b', '1')]);
    expect(ran).toEqual(['a 1', 'b 1']);
  });

  it('a task runs at once again after a pause', async () => {
    const { clock, ran, run } = setUp();
    await run('a', '1');
    await clock.advance(100);
    await run('a', '2');
    expect(ran).toEqual(['a 1', 'a 2']);
  });

  it('a failing task fails all that it replaced', async () => {
    const { clock, paced } = setUp();
    const fail = (): Promise<void> => paced.run('a', () => Promise.reject(new Error('refused')));
    await expect(fail()).rejects.toThrow('refused');
    const waiting = Promise.allSettled([fail(), fail()]);
    await clock.advance(100);
    expect((await waiting).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('a waiting task fails UNAVAILABLE on close', async () => {
    const { paced, run } = setUp();
    await run('a', '1');
    const waiting = run('a', '2');
    paced.close();
    await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
