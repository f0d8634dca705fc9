import type { ServerWritableStream } from '@grpc/grpc-js';
import { SkeinError } from '@skein/protocol';
import { RpcError } from '../errors.ts';
import type { ServerStream } from '../service-definition.ts';
import { statusFor } from './error-metadata.ts';

/** The most unsent updates of one call; `ServerStream.send` states the overflow policy. */
export const MAX_UNSENT_UPDATES = 256;

export class GrpcServerStream implements ServerStream<unknown> {
  readonly #call: ServerWritableStream<unknown, unknown>;
  readonly #maxUnsent: number;
  readonly #closed = new AbortController();

  constructor(call: ServerWritableStream<unknown, unknown>, maxUnsent: number) {
    this.#call = call;
    this.#maxUnsent = maxUnsent;
    call.on('cancelled', () => this.#closed.abort(RpcError.callerGone()));
  }

  get closed(): AbortSignal {
    return this.#closed.signal;
  }

  send(update: unknown): boolean {
    if (this.#closed.signal.aborted) return false;
    if (this.#call.writableLength >= this.#maxUnsent) {
      this.end(RpcError.slowCaller(this.#maxUnsent));
      return false;
    }
    this.#call.write(update);
    return true;
  }

  /** Sends updates one by one at the caller's pace; stops when the caller has gone. */
  async sendAll(updates: Iterable<unknown>): Promise<void> {
    for (const update of updates) {
      if (this.#closed.signal.aborted) return;
      if (!this.#call.write(update)) await this.#drained();
    }
  }

  async #drained(): Promise<void> {
    const { signal } = this.#closed;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.#call.off('drain', done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.#call.on('drain', done);
      signal.addEventListener('abort', done);
      if (signal.aborted) done();
    });
  }

  end(error?: unknown): void {
    if (this.#closed.signal.aborted) return;
    if (error === undefined) this.#call.end();
    // grpc-js takes the status of a stream this way; it is sent after the writes before it.
    else this.#call.emit('error', statusFor(SkeinError.from(error)));
    this.#closed.abort(error ?? RpcError.callEnded());
  }
}
