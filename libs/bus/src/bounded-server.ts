import { SkeinError } from '@skein/protocol';
import { decodeData, encodeAnswer, encodeFailure } from './wire.ts';

export const DEFAULT_MAX_IN_FLIGHT = 4096;

/** Runs a handler for requests, so many at once and no more; one more is refused, never queued. */
export class BoundedServer {
  readonly #handler: (data: unknown) => Promise<unknown>;
  readonly #maxInFlight: number;
  readonly #onBug: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  /** `onBug` is told what the handler threw that is no `SkeinError`. */
  constructor(
    handler: (data: unknown) => Promise<unknown>,
    {
      maxInFlight = DEFAULT_MAX_IN_FLIGHT,
      onBug,
    }: { maxInFlight?: number | undefined; onBug: (error: unknown) => void },
  ) {
    this.#handler = handler;
    this.#maxInFlight = maxInFlight;
    this.#onBug = onBug;
  }

  /** Answers one request through `reply`, once. */
  accept(request: string, reply: (text: string) => void): void {
    if (this.#running.size >= this.#maxInFlight) {
      reply(encodeFailure(busy(this.#maxInFlight)));
      return;
    }
    const run = this.#answer(request).then(reply);
    const tracked = run.catch(this.#onBug).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Resolves when all that run now have answered. */
  async idle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #answer(request: string): Promise<string> {
    try {
      return encodeAnswer(await this.#handler(decodeRequest(request)));
    } catch (error) {
      if (!(error instanceof SkeinError)) this.#onBug(error);
      return encodeFailure(error);
    }
  }
}

function decodeRequest(text: string): unknown {
  try {
    return decodeData(text);
  } catch (cause) {
    throw new SkeinError('INVALID_MESSAGE', 'the request is not JSON', { cause });
  }
}

function busy(maxInFlight: number): SkeinError {
  return new SkeinError('TOO_MANY_REQUESTS', 'too many requests are running; try again', {
    details: { limit: maxInFlight },
    retryAfterMs: 500,
  });
}
