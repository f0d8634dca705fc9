import type { ClientMethod } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';

export interface PendingRequest {
  readonly id: string;
  readonly method: ClientMethod;
  readonly text: string;
}

interface Pending extends PendingRequest {
  resolve(data: unknown): void;
  reject(error: SkeinClientError): void;
}

/** Unanswered requests at the gateway; it refuses more than 64 (`limits.requestsInFlight`). */
const IN_FLIGHT_LIMIT = 48;
/** Requests queued behind those in flight. On overflow the new request fails at once. */
const QUEUE_LIMIT = 512;

/** The requests of one socket: a bounded number in flight, the others queued in order, each with a deadline. */
export class PendingRequests {
  readonly #inFlight = new Map<string, Pending>();
  readonly #queue = new Map<string, Pending>();
  readonly #clock: Clock;
  readonly #send: (text: string) => void;

  constructor(clock: Clock, send: (text: string) => void) {
    this.#clock = clock;
    this.#send = send;
  }

  get size(): number {
    return this.#inFlight.size + this.#queue.size;
  }

  /** Sends `request` as soon as the window allows. Rejects at the deadline, on abort, or with the error of `failAll`. */
  add(request: PendingRequest, deadlineMs: number, signal?: AbortSignal): Promise<unknown> {
    if (signal?.aborted) return Promise.reject(SkeinClientError.aborted(signal));
    if (this.#queue.size >= QUEUE_LIMIT) {
      return Promise.reject(SkeinClientError.limitExceeded(QUEUE_LIMIT));
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

  #take(id: string): Pending | undefined {
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
