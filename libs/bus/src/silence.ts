import { SkeinError } from '@skein/protocol';
import { SingleFlight, withDeadline, type Clock, type DeadlineTimer } from '@skein/runtime';

/** A server that was heard of so lately is not asked. */
const HEARD_LATELY_MS = 500;
const ANSWER_DEADLINE_MS = 500;

export interface SilenceParts {
  readonly clock: Clock;
  /** Resolves when the server answers. */
  readonly ask: () => Promise<void>;
  /** The server does not answer: its connection is of no use. */
  readonly onSilent: () => void;
}

/**
 * Tells a server that hangs from one with nothing to say, in half a second and only when somebody needs to know: it is
 * asked if nothing has come from it lately.
 */
export class Silence {
  readonly #parts: SilenceParts;
  readonly #asking = new SingleFlight<'server', void>();
  #heardAtMs = -Infinity;

  constructor(parts: SilenceParts) {
    this.#parts = parts;
  }

  /** Something came from the server. */
  heard(): void {
    this.#heardAtMs = this.#parts.clock.monotonicMs();
  }

  /** Resolves when the server was heard of lately, or answers now. Else fails `UNAVAILABLE`. */
  async check(): Promise<void> {
    if (this.#parts.clock.monotonicMs() - this.#heardAtMs <= HEARD_LATELY_MS) return;
    await this.#asking.run('server', () => this.#ask());
  }

  async #ask(): Promise<void> {
    const { clock, onSilent } = this.#parts;
    const silent = (): SkeinError => {
      onSilent();
      return SkeinError.unavailable('the bus');
    };
    await withDeadline(inHalves(clock), ANSWER_DEADLINE_MS, this.#answer(), silent);
  }

  async #answer(): Promise<void> {
    try {
      await this.#parts.ask();
    } catch (error) {
      throw SkeinError.unavailable('the bus', error);
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
