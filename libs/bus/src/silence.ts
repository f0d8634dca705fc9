import type { SkeinError } from '@skein/protocol';
import { SingleFlight, withDeadline, type Clock, type DeadlineTimer } from '@skein/runtime';
import { BusError } from './errors.ts';

/** A server that sent something within this time is alive without a probe. */
const FRESH_MS = 500;
const ANSWER_DEADLINE_MS = 500;

export interface SilenceDeps {
  readonly clock: Clock;
  /** Resolves when the server answers. */
  readonly ask: () => Promise<void>;
  /** The server did not answer; its connection is useless. */
  readonly onSilent: () => void;
}

/**
 * Distinguishes a server that hangs from one that is idle, within half a second and on demand only: it probes a server that has
 * sent nothing for a while.
 */
export class Silence {
  readonly #deps: SilenceDeps;
  readonly #asking = new SingleFlight<'server', void>();
  #heardAtMs = -Infinity;

  constructor(deps: SilenceDeps) {
    this.#deps = deps;
  }

  /** The server sent something. */
  heard(): void {
    this.#heardAtMs = this.#deps.clock.monotonicMs();
  }

  /** Resolves when the server sent something lately, or answers a probe. Otherwise fails `UNAVAILABLE`. */
  async check(): Promise<void> {
    if (this.#deps.clock.monotonicMs() - this.#heardAtMs <= FRESH_MS) return;
    await this.#asking.run('server', () => this.#ask());
  }

  async #ask(): Promise<void> {
    const { clock, onSilent } = this.#deps;
    const silent = (): SkeinError => {
      onSilent();
      return BusError.unavailable();
    };
    await withDeadline(inHalves(clock), ANSWER_DEADLINE_MS, this.#answer(), silent);
  }

  async #answer(): Promise<void> {
    try {
      await this.#deps.ask();
    } catch (error) {
      throw BusError.unavailable(error);
    }
    this.heard();
  }
}

/** A deadline in two parts: after a pause of this process, sockets are read between them before the deadline passes. */
function inHalves(clock: Clock): DeadlineTimer {
  return {
    after: (ms, task) => {
      let timer = clock.after(ms / 2, () => (timer = clock.after(ms / 2, task)));
      return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
    },
  };
}
