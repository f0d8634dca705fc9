import { describe, expect, it } from 'vitest';
import { endsWithin, untilAborted, withDeadline } from './deadline.ts';
import { FakeClock } from './testing/fake-clock.ts';

class Late extends Error {}
const late = (): Late => new Late('too late');

function deferred<Value>() {
  let resolve: (value: Value) => void = () => {};
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<Value>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

/** Counts the timers that wait. */
class CountedClock extends FakeClock {
  waiting = 0;

  override after(ms: number, task: () => void): Disposable {
    this.waiting++;
    let waits = true;
    const end = (): void => {
      if (waits) this.waiting--;
      waits = false;
    };
    const timer = super.after(ms, () => {
      end();
      task();
    });
    return {
      [Symbol.dispose]: () => {
        end();
        timer[Symbol.dispose]();
      },
    };
  }
}

describe('withDeadline', () => {
  it('withDeadline gives the value of work that ends in time and frees the timer', async () => {
    const clock = new CountedClock();
    const { promise, resolve } = deferred<string>();
    const outcome = withDeadline(clock, 100, promise, late);
    await clock.advance(99);
    expect(clock.waiting).toBe(1);
    resolve('done');
    expect(await outcome).toBe('done');
    expect(clock.waiting).toBe(0);
  });

  it('withDeadline fails as the work does and frees the timer', async () => {
    const clock = new CountedClock();
    await expect(withDeadline(clock, 100, Promise.reject(new Error('no')), late)).rejects.toThrow('no');
    expect(clock.waiting).toBe(0);
  });

  it('withDeadline fails with the given error at the deadline and not before', async () => {
    const clock = new CountedClock();
    let failure: unknown;
    const outcome = withDeadline(clock, 100, deferred().promise, late).catch(
      (error: unknown) => (failure = error),
    );
    await clock.advance(99);
    expect(failure).toBeUndefined();
    await clock.advance(1);
    await outcome;
    expect(failure).toBeInstanceOf(Late);
    expect(clock.waiting).toBe(0);
  });

  it('withDeadline makes no error for work that ends in time', async () => {
    const clock = new FakeClock();
    let made = 0;
    await withDeadline(clock, 100, Promise.resolve(), () => {
      made++;
      return late();
    });
    await clock.advance(100);
    expect(made).toBe(0);
  });

  it("withDeadline aborts a function's signal at the deadline, with the error as reason", async () => {
    const clock = new FakeClock();
    let seen: AbortSignal | undefined;
    const outcome = withDeadline(
      clock,
      100,
      (signal) => {
        seen = signal;
        return deferred().promise;
      },
      late,
    );
    expect(seen?.aborted).toBe(false);
    const outcomes = Promise.allSettled([outcome]);
    await clock.advance(100);
    expect((await outcomes)[0]).toMatchObject({ status: 'rejected', reason: expect.any(Late) });
    expect(seen?.reason).toBeInstanceOf(Late);
  });

  it('withDeadline leaves the signal of a function that ends in time alone', async () => {
    const clock = new FakeClock();
    const signal = await withDeadline(clock, 100, (given) => Promise.resolve(given), late);
    await clock.advance(100);
    expect(signal.aborted).toBe(false);
  });

  it('withDeadline rejects with what a function throws at once and frees the timer', async () => {
    const clock = new CountedClock();
    const broken = (): Promise<void> => {
      throw new Error('broken');
    };
    await expect(withDeadline(clock, 100, broken, late)).rejects.toThrow('broken');
    expect(clock.waiting).toBe(0);
  });

  it('withDeadline passes a late value to discard and swallows a late failure', async () => {
    const clock = new FakeClock();
    const [value, failure] = [deferred<string>(), deferred<string>()];
    const discarded: string[] = [];
    const discard = (text: string): number => discarded.push(text);
    const outcomes = Promise.allSettled([
      withDeadline(clock, 100, value.promise, late, discard),
      withDeadline(clock, 100, failure.promise, late, discard),
    ]);
    await clock.advance(100);
    value.resolve('late');
    failure.reject(new Error('late'));
    expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await clock.advance(0);
    expect(discarded).toEqual(['late']);
  });
});

describe('endsWithin', () => {
  it('endsWithin is true for work that settles in time and frees the timer', async () => {
    const clock = new CountedClock();
    expect(await endsWithin(clock, 100, Promise.resolve())).toBe(true);
    expect(await endsWithin(clock, 100, Promise.reject(new Error('no')))).toBe(true);
    expect(clock.waiting).toBe(0);
  });

  it('endsWithin is false at the deadline, whatever becomes of the work later', async () => {
    const clock = new CountedClock();
    const { promise, reject } = deferred<void>();
    const outcome = endsWithin(clock, 100, promise);
    await clock.advance(100);
    expect(await outcome).toBe(false);
    reject(new Error('late'));
    await clock.advance(0);
    expect(clock.waiting).toBe(0);
  });
});

describe('untilAborted', () => {
  /** Counts the listeners of a signal. */
  function countedSignal() {
    const abort = new AbortController();
    const { signal } = abort;
    let listeners = 0;
    const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)];
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners++;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners--;
      remove(...args);
    };
    return { abort, signal, listeners: () => listeners };
  }

  it('untilAborted gives the outcome of work that ends first and frees its listener', async () => {
    const { signal, listeners } = countedSignal();
    expect(await untilAborted(signal, Promise.resolve('done'))).toBe('done');
    await expect(untilAborted(signal, Promise.reject(new Error('no')))).rejects.toThrow('no');
    await Promise.resolve();
    expect(listeners()).toBe(0);
  });

  it("untilAborted fails with the signal's reason when it is aborted first", async () => {
    const abort = new AbortController();
    const outcome = untilAborted(abort.signal, deferred().promise);
    abort.abort(new Error('stopped'));
    await expect(outcome).rejects.toThrow('stopped');
  });

  it('untilAborted fails with the error made at the abort when one is given', async () => {
    const abort = new AbortController();
    let state = 'open';
    const outcome = untilAborted(abort.signal, deferred().promise, () => new Error(state));
    state = 'closed';
    abort.abort();
    await expect(outcome).rejects.toThrow('closed');
  });

  it('untilAborted fails at once on an aborted signal and ignores the work', async () => {
    const signal = AbortSignal.abort(new Error('stopped'));
    await expect(untilAborted(signal, Promise.reject(new Error('late')))).rejects.toThrow('stopped');
  });
});
