import { SkeinError } from '@skein/protocol';
import { decodeData, encodeAnswer, encodeFailure } from './wire.ts';

export interface BoundedServerOptions {
  readonly maxInFlight?: number | undefined;
  /** Longest answer that can be sent now, bytes. */
  readonly maxAnswerBytes: () => number;
  /** Told what the handler threw that is no `SkeinError`, and of answers that were too large to be sent. */
  readonly onBug: (error: unknown) => void;
}

export const DEFAULT_MAX_IN_FLIGHT = 4096;

/** Runs a handler for requests, so many at once and no more; one more is refused, never queued. */
export class BoundedServer {
  readonly #handler: (data: unknown) => Promise<unknown>;
  readonly #maxInFlight: number;
  readonly #maxAnswerBytes: () => number;
  readonly #onBug: (error: unknown) => void;
  readonly #running = new Set<Promise<void>>();

  constructor(
    handler: (data: unknown) => Promise<unknown>,
    { maxInFlight = DEFAULT_MAX_IN_FLIGHT, maxAnswerBytes, onBug }: BoundedServerOptions,
  ) {
    this.#handler = handler;
    this.#maxInFlight = maxInFlight;
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#onBug = onBug;
  }

  /** Answers one request through `reply`, once. */
  accept(request: string, reply: (payload: Uint8Array) => void): void {
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

  async #answer(request: string): Promise<Uint8Array> {
    try {
      const data = await this.#handler(decodeRequest(request));
      return this.#encode(data);
    } catch (error) {
      if (!(error instanceof SkeinError)) this.#onBug(error);
      return encodeFailure(error);
    }
  }

  #encode(data: unknown): Uint8Array {
    try {
      return encodeAnswer(data, this.#maxAnswerBytes());
    } catch (error) {
      this.#onBug(error);
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
