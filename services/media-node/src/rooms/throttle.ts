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
 * Runs what belongs to one key at most every `everyMs`: the first at once, and of those that come meanwhile the last one only,
 * for all of them. Holds one timer for each key that was busy a moment ago, and at most one call that waits.
 */
export class Paced {
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #resting = new Map<string, Rest>();

  constructor({ clock, everyMs }: { readonly clock: Clock; readonly everyMs: number }) {
    this.#clock = clock;
    this.#everyMs = everyMs;
  }

  /** Resolves, or fails, with the run that stands for this one. */
  run(key: string, run: () => Promise<void>): Promise<void> {
    const rest = this.#resting.get(key);
    if (!rest) return this.#start(key, run);
    if (rest.next) rest.next.run = run;
    else rest.next = { run, done: Promise.withResolvers() };
    return rest.next.done.promise;
  }

  /** What still waits fails `UNAVAILABLE`. */
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
