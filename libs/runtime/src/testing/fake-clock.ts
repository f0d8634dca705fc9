import type { Clock } from '../clock.ts';

interface Timer {
  dueMs: number;
  readonly everyMs: number | undefined;
  readonly task: () => void;
}

/** Not zero, so that a test notices code that takes 0 for "never". */
const MONOTONIC_START_MS = 40_000;

/**
 * A clock that tests move by hand: timers run inside `advance`, in the order in which they are due. As on a real machine,
 * its two clocks have different origins, and timers follow the monotonic one.
 */
export class FakeClock implements Clock {
  /** Monotonic. */
  #nowMs = MONOTONIC_START_MS;
  /** How far the wall clock is ahead of the monotonic one. */
  #wallOffsetMs: number;
  readonly #timers = new Set<Timer>();

  /** `startMs`: of the wall clock. */
  constructor(startMs = 1_700_000_000_000) {
    this.#wallOffsetMs = startMs - this.#nowMs;
  }

  now(): number {
    return this.#nowMs + this.#wallOffsetMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  /** Steps the wall clock, as an administrator or NTP does; a negative number steps it back. Runs no timer. */
  jumpWallClock(ms: number): void {
    this.#wallOffsetMs += ms;
  }

  after(ms: number, task: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: undefined, task });
  }

  every(ms: number, task: () => void): Disposable {
    return this.#add({ dueMs: this.#nowMs + ms, everyMs: ms, task });
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason as Error);
      const onAbort = (): void => {
        timer[Symbol.dispose]();
        reject(signal?.reason as Error);
      };
      const timer = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  /** Moves time by `ms`, running what falls due, and lets promise callbacks run in between. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (let next = this.#nextDue(endMs); next; next = this.#nextDue(endMs)) {
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      if (next.everyMs === undefined) this.#timers.delete(next);
      else next.dueMs += next.everyMs;
      next.task();
      await settle();
    }
    this.#nowMs = endMs;
    await settle();
  }

  #add(timer: Timer): Disposable {
    this.#timers.add(timer);
    return { [Symbol.dispose]: () => this.#timers.delete(timer) };
  }

  #nextDue(limitMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMs <= limitMs && (!next || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}
