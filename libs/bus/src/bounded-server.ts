import { SkeinError } from '@skein/protocol';
import { BusError } from './errors.ts';
import { decodeData, encodeAnswer, encodeFailure } from './wire.ts';

export interface BoundedServerOptions {
  readonly maxInFlight?: number | undefined;
  /** The longest answer that the transport takes now, bytes. */
  readonly maxAnswerBytes: () => number;
  /** Receives what the handler threw that is no `SkeinError`, and answers that were too large to send. */
  readonly onBug: (error: unknown) => void;
}

export const DEFAULT_MAX_IN_FLIGHT = 4096;

/** Runs a handler for requests, at most `maxInFlight` at once. Rejects any further request; queues none. */
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
      reply(encodeFailure(BusError.busy(this.#maxInFlight)));
      return;
    }
    const run = this.#answer(request).then(reply);
    const tracked = run.catch(this.#onBug).finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Resolves when every request that runs now has been answered. */
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
    throw BusError.requestUnreadable(cause);
  }
}
