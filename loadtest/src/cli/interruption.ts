import { systemClock } from '@skein/runtime';

const SIGNALS = { SIGINT: 2, SIGTERM: 15, SIGHUP: 1 } as const;
/** Exit codes of a process that a signal ended, as shells report them: 128 + the signal's number. */
const EXIT_SIGNAL = 128;
/** Ctrl-C in a terminal arrives twice: from the terminal, and passed on by the npm script. */
const ONE_PRESS_MS = 1000;

export interface InterruptionOptions {
  /**
   * `abort`: the first signal aborts `signal`, and the tool ends with what it has measured; a second one, 1 s later or
   * more, ends the process at once. `exit`: the first one ends it.
   */
  readonly onSignal: 'abort' | 'exit';
  /** With `abort`: ends the process this long after the first signal. Default: never. */
  readonly stopDeadlineMs?: number | undefined;
}

/** SIGINT, SIGTERM and SIGHUP of a tool. Its child processes end with it: `exit` handlers take them along. */
export class Interruption {
  readonly #abort = new AbortController();
  #first: { readonly exitCode: number; readonly atMs: number } | undefined;

  constructor({ onSignal, stopDeadlineMs }: InterruptionOptions) {
    for (const [name, number] of Object.entries(SIGNALS)) {
      const exitCode = EXIT_SIGNAL + number;
      process.on(name, () => {
        const nowMs = systemClock.monotonicMs();
        if (onSignal === 'exit') process.exit(exitCode);
        if (this.#first) {
          if (nowMs - this.#first.atMs > ONE_PRESS_MS) process.exit(exitCode);
          return;
        }
        this.#first = { exitCode, atMs: nowMs };
        this.#abort.abort(new Error(`interrupted by ${name}`));
        if (stopDeadlineMs !== undefined) systemClock.after(stopDeadlineMs, () => process.exit(exitCode));
      });
    }
  }

  /** Aborted by the first signal. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** What the process exits with after a signal; `undefined` before. */
  get exitCode(): number | undefined {
    return this.#first?.exitCode;
  }
}
