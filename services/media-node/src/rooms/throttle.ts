import { SkeinError } from '@skein/protocol';
import type { Clock } from '@skein/runtime';

interface Next {
  run: () => Promise<void>;
  readonly done: PromiseWithResolvers<void>;
}

interface Rest {
  next: Next | undefined;
  timer: Disposable;
}

/**
 * Runs the tasks of one key at most every `everyMs`: the first at once, and of those that arrive meanwhile only the last,
 * on behalf of all. Holds one timer for each recently used key, and at most one waiting task.
 */
export class Throttle {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #resting = new Map<string, Rest>();

  constructor({ clock, everyMs }: { readonly clock: Clock; readonly everyMs: number }) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Settles with the run on behalf of this task. */
  run(key: string, run: () => Promise<void>): Promise<void> {
    const rest = this.#resting.get(key);
    if (!rest) return this.#start(key, run);
    if (rest.next) rest.next.run = run;
    else rest.next = { run, done: Promise.withResolvers() };
    return rest.next.done.promise;
  }

  /** Waiting tasks fail `UNAVAILABLE`. */
  close(): void {
    for (const { next, timer } of this.#resting.values()) {
      timer[Symbol.dispose]();
      next?.done.reject(SkeinError.unavailable('the room'));
    }
    this.#resting.clear();
  }

  #start(key: string, run: () => Promise<void>): Promise<void> {
    const timer = this.#clock.after(this.#everyMs, () => {
      const next = this.#resting.get(key)?.next;
      this.#resting.delete(key);
      if (next) this.#start(key, next.run).then(next.done.resolve, next.done.reject);
    });
    this.#resting.set(key, { next: undefined, timer });
    return run();
  }
}
