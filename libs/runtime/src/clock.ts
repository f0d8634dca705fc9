/** Time as an input. Pure code takes `now`; shells get a `Clock`, so that tests can move it by hand. */
export interface Clock {
  /**
   * Wall clock, milliseconds since the Unix epoch. It jumps both ways and differs between machines: for display only. `npm run check` lists the files that may call it (`scripts/check/wall-clock.mjs`).
   */
  now(): number;
  /** Monotonic milliseconds since an arbitrary moment: for deadlines, ages and every other interval. */
  monotonicMs(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Runs `task` once after `ms`. Disposing cancels it. */
  after(ms: number, task: () => void): Disposable;
  /** Runs `task` every `ms` until disposed. Timers do not keep the process alive. */
  every(ms: number, task: () => void): Disposable;
}
