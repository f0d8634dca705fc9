import type { Clock } from './clock.ts';

/** The timer of a deadline: a `Clock`, or one that leaves out pauses of this process. */
export type DeadlineTimer = Pick<Clock, 'after'>;

/** Work that is running, or a function that starts it and stops it when its signal is aborted. */
export type Work<Value> = Promise<Value> | ((signal: AbortSignal) => Promise<Value>);

/**
 * The outcome of `work`, or a rejection with `error()` when there is none within `ms` milliseconds. A function gets a signal
 * that is aborted at the deadline, with that error as its reason. Frees its timer on every path; `error` is called at the
 * deadline only. What `work` does afterwards is ignored: a late failure is handled, a late value goes to `discard`.
 */
export function withDeadline<Value>(
  timer: DeadlineTimer,
  ms: number,
  work: Work<Value>,
  error: () => Error,
  discard?: (late: Value) => void,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const abort = new AbortController();
    let isLate = false;
    const deadline = timer.after(ms, () => {
      isLate = true;
      const failure = error();
      reject(failure);
      abort.abort(failure);
    });
    started(work, abort.signal).then(
      (value) => {
        deadline[Symbol.dispose]();
        if (isLate) discard?.(value);
        else resolve(value);
      },
      (failure: unknown) => {
        deadline[Symbol.dispose]();
        reject(failure as Error);
      },
    );
  });
}

/**
 * Waits for `work`, at most `ms` milliseconds. Resolves with whether it has settled by then; never rejects. For clean-up that
 * must not delay its caller longer, and whose failures are handled elsewhere.
 */
export function endsWithin(timer: DeadlineTimer, ms: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const deadline = timer.after(ms, () => resolve(false));
    const end = (): void => {
      deadline[Symbol.dispose]();
      resolve(true);
    };
    work.then(end, end);
  });
}

/**
 * The outcome of `work`, or a rejection when `signal` is aborted first: with `error()`, by default with the signal's reason. Frees
 * its listener on every path. What `work` does afterwards is ignored.
 */
export function untilAborted<Value>(
  signal: AbortSignal,
  work: Promise<Value>,
  error: () => Error = () => signal.reason as Error,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(error());
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
    if (signal.aborted) onAbort();
  });
}

function started<Value>(work: Work<Value>, signal: AbortSignal): Promise<Value> {
  if (typeof work !== 'function') return work;
  try {
    return work(signal);
  } catch (error) {
    return Promise.reject(error as Error);
  }
}
