import { SkeinError } from '@skein/protocol';
import { SingleFlight, type Clock } from '@skein/runtime';

/** A server that was heard of so lately is not asked. */
const HEARD_LATELY_MS = 500;
/** Twice this is its time to answer. In two parts: after a pause of this process, what came meanwhile is read between them. */
const HALF_ANSWER_MS = 250;

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
    const { clock, ask, onSilent } = this.#parts;
    const over = new AbortController();
    const answered = ask().then(() => this.heard());
    const silent = clock
      .sleep(HALF_ANSWER_MS, over.signal)
      .then(() => clock.sleep(HALF_ANSWER_MS, over.signal))
      .then(() => 'silent' as const);
    try {
      if ((await Promise.race([answered, silent])) !== 'silent') return;
    } catch (error) {
      throw SkeinError.unavailable('the bus', error);
    } finally {
      over.abort();
      for (const rest of [answered, silent]) rest.catch(() => {});
    }
    onSilent();
    throw SkeinError.unavailable('the bus');
  }
}
