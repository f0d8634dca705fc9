import type { ClientMethod, ClientRequestInput, ClientResponse } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import { DEFAULT_DEADLINE_MS, type RequestOptions, type SignalingConnection } from './connection.ts';

type State =
  | { readonly kind: 'connected'; readonly connection: SignalingConnection }
  | { readonly kind: 'disconnected'; readonly waiting: Set<Waiting> }
  | { readonly kind: 'closed' };

interface Waiting {
  /** Keeps requests in order: a lost request starts to wait after newer ones. */
  readonly order: number;
  resume(connection: SignalingConnection): void;
  fail(error: SkeinClientError): void;
}

/** Requests that may wait for a socket. On overflow the new request fails at once. */
const WAITING_LIMIT = 512;

/**
 * Requests over changing sockets. Requests that were unanswered when a socket was lost are repeated over the next one, with the
 * same ids and in the same order. Each request keeps its deadline.
 */
export class Signaling {
  readonly #clock: Clock;
  #state: State;
  #lastRequest = 0;

  constructor(clock: Clock, connection: SignalingConnection) {
    this.#clock = clock;
    this.#state = { kind: 'connected', connection };
  }

  get closed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** Sends over `connection` from now on, the waiting requests first. */
  use(connection: SignalingConnection): void {
    const state = this.#state;
    if (state.kind === 'closed') return;
    this.#state = { kind: 'connected', connection };
    if (state.kind !== 'disconnected') return;
    const waiting = [...state.waiting].toSorted((one, other) => one.order - other.order);
    for (const one of waiting) one.resume(connection);
  }

  /** The socket was lost: requests wait for the next one. */
  hold(): void {
    if (this.#state.kind === 'connected') this.#state = { kind: 'disconnected', waiting: new Set() };
  }

  close(): void {
    const state = this.#state;
    this.#state = { kind: 'closed' };
    if (state.kind === 'disconnected')
      for (const waiting of state.waiting) waiting.fail(SkeinClientError.roomClosed());
  }

  /** As `SignalingConnection.request`, but survives a lost socket. Fails `ROOM_CLOSED` once closed. */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal }: RequestOptions = {},
  ): Promise<ClientResponse<Method>> {
    const order = ++this.#lastRequest;
    const id = `s${order}`;
    const endMs = this.#clock.monotonicMs() + deadlineMs;
    for (;;) {
      const leftMs = endMs - this.#clock.monotonicMs();
      const connection = this.#open() ?? (await this.#next(order, method, leftMs, signal));
      try {
        return await connection.request(method, data, {
          deadlineMs: endMs - this.#clock.monotonicMs(),
          signal,
          id,
        });
      } catch (error) {
        if (error !== connection.lossError) throw error;
        if (this.closed) throw SkeinClientError.roomClosed();
      }
    }
  }

  // Synchronous while a socket is open, so that requests are sent in the order in which they were made.
  #open(): SignalingConnection | undefined {
    return this.#state.kind === 'connected' && !this.#state.connection.closed
      ? this.#state.connection
      : undefined;
  }

  #next(
    order: number,
    method: ClientMethod,
    leftMs: number,
    signal?: AbortSignal,
  ): Promise<SignalingConnection> {
    if (this.#state.kind === 'closed') return Promise.reject(SkeinClientError.roomClosed());
    if (signal?.aborted) return Promise.reject(SkeinClientError.aborted(signal));
    this.hold();
    const { waiting } = this.#state as Extract<State, { kind: 'disconnected' }>;
    if (waiting.size >= WAITING_LIMIT) {
      return Promise.reject(SkeinClientError.limitExceeded(WAITING_LIMIT));
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(one);
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
      };
      const one: Waiting = {
        order,
        resume: (connection) => (settle(), resolve(connection)),
        fail: (error) => (settle(), reject(error)),
      };
      const onAbort = (): void => signal && one.fail(SkeinClientError.aborted(signal));
      const timer = this.#clock.after(leftMs, () => one.fail(SkeinClientError.deadline(method, leftMs)));
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(one);
    });
  }
}
