import type { ClientMethod } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';

export interface PendingRequest {
  readonly id: string;
  readonly method: ClientMethod;
  readonly text: string;
}

interface Waiting extends PendingRequest {
  resolve(data: unknown): void;
  reject(error: SkeinClientError): void;
}

/** Requests that may be at the gateway unanswered; it refuses beyond 64 (`limits.requestsInFlight`). */
const IN_FLIGHT_LIMIT = 48;
/** Requests that may wait for a place in flight. Policy beyond it: the new request fails at once. */
const QUEUE_LIMIT = 512;

/** The requests of one socket: at most so many in flight, the rest in order, each ending by its deadline. */
export class PendingRequests {
  readonly #inFlight = new Map<string, Waiting>();
  readonly #queue = new Map<string, Waiting>();
  readonly #clock: Clock;
  readonly #send: (text: string) => void;

  constructor(clock: Clock, send: (text: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  get size(): number {
    return this.#inFlight.size + this.#queue.size;
  }

  /** Sends `request` now or when its turn comes. Rejects at the deadline, on abort, or with `failAll`'s error. */
  add(request: PendingRequest, deadlineMs: number, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(SkeinClientError.aborted(signal));
    if (this.#queue.size >= QUEUE_LIMIT) {
      const message = `more than ${QUEUE_LIMIT} requests are waiting already`;
      return Promise.reject(new SkeinClientError('LIMIT_EXCEEDED', message, { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      const onAbort = (): void => signal && this.handleFailure(request.id, SkeinClientError.aborted(signal));
      const timer = this.#clock.after(deadlineMs, () =>
        this.handleFailure(request.id, SkeinClientError.deadline(request.method, deadlineMs)),
      );
      const settle = (): void => {
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.set(request.id, {
        ...request,
        resolve: (data) => (settle(), resolve(data)),
        reject: (error) => (settle(), reject(error)),
      });
      this.#fill();
    });
  }

  handleAnswer(id: string, data: unknown): void {
    this.#take(id)?.resolve(data);
  }

  handleFailure(id: string, error: SkeinClientError): void {
    this.#take(id)?.reject(error);
  }

  failAll(error: SkeinClientError): void {
    const all = [...this.#inFlight.values(), ...this.#queue.values()];
    this.#inFlight.clear();
    this.#queue.clear();
    for (const request of all) request.reject(error);
  }

  #take(id: string): Waiting | undefined {
    const request = this.#inFlight.get(id) ?? this.#queue.get(id);
    this.#inFlight.delete(id);
    this.#queue.delete(id);
    this.#fill();
    return request;
  }

  #fill(): void {
    for (const [id, request] of this.#queue) {
      if (this.#inFlight.size >= IN_FLIGHT_LIMIT) return;
      this.#queue.delete(id);
      this.#inFlight.set(id, request);
      this.#send(request.text);
    }
  }
}
