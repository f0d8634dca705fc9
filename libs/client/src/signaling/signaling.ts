import type { ClientMethod, ClientRequestInput, ClientResponse } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { SkeinClientError } from '../errors/client-error.ts';
import { DEFAULT_DEADLINE_MS, type RequestOptions, type SignalingConnection } from './connection.ts';

type Line =
  | { readonly kind: 'up'; readonly connection: SignalingConnection }
  | { readonly kind: 'down'; readonly waiting: Set<Waiting> }
  | { readonly kind: 'closed' };

interface Waiting {
  /** A request that was just lost starts to wait after one that was made since. */
  readonly order: number;
  go(connection: SignalingConnection): void;
  fail(error: SkeinClientError): void;
}

/** Requests that may wait for a socket. Policy beyond it: the new request fails at once. */
const WAITING_LIMIT = 512;

/**
 * Requests over whichever socket is there. What was not answered when a socket was lost is asked again over the next
 * one, with the same id and in the same order; each request still ends by its deadline.
 */
export class Signaling {
  readonly #clock: Clock;
  #line: Line;
  #lastRequest = 0;

  constructor(clock: Clock, connection: SignalingConnection) {
    this.#clock = clock;
    this.#line = { kind: 'up', connection };
  }

  get closed(): boolean {
    return this.#line.kind === 'closed';
  }

  /** Requests go over `connection` from now on, those that wait first. */
  use(connection: SignalingConnection): void {
    const line = this.#line;
    if (line.kind === 'closed') return;
    this.#line = { kind: 'up', connection };
    if (line.kind !== 'down') return;
    const waiting = [...line.waiting].toSorted((one, other) => one.order - other.order);
    for (const one of waiting) one.go(connection);
  }

  /** The socket was lost: requests wait for the next one. */
  hold(): void {
    if (this.#line.kind === 'up') this.#line = { kind: 'down', waiting: new Set() };
  }

  close(): void {
    const line = this.#line;
    this.#line = { kind: 'closed' };
    if (line.kind === 'down') for (const waiting of line.waiting) waiting.fail(SkeinClientError.roomClosed());
  }

  /** As `SignalingConnection.request`, but a lost socket is no failure. Fails `ROOM_CLOSED` once closed. */
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
        if (error !== connection.lostWith) throw error;
        if (this.closed) throw SkeinClientError.roomClosed();
      }
    }
  }

  // Asked without waiting while a socket is open, so that requests leave in the order in which they were made.
  #open(): SignalingConnection | undefined {
    return this.#line.kind === 'up' && !this.#line.connection.closed ? this.#line.connection : undefined;
  }

  #next(
    order: number,
    method: ClientMethod,
    leftMs: number,
    signal?: AbortSignal,
  ): Promise<SignalingConnection> {
    if (this.#line.kind === 'closed') return Promise.reject(SkeinClientError.roomClosed());
    if (signal?.aborted) return Promise.reject(SkeinClientError.aborted(signal));
    this.hold();
    const { waiting } = this.#line as Extract<Line, { kind: 'down' }>;
    if (waiting.size >= WAITING_LIMIT) {
      const message = `more than ${WAITING_LIMIT} requests are waiting for the connection already`;
      return Promise.reject(new SkeinClientError('LIMIT_EXCEEDED', message, { retryAfterMs: 1000 }));
    }
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        waiting.delete(one);
        timer[Symbol.dispose]();
        signal?.removeEventListener('abort', onAbort);
      };
      const one: Waiting = {
        order,
        go: (connection) => (settle(), resolve(connection)),
        fail: (error) => (settle(), reject(error)),
      };
      const onAbort = (): void => signal && one.fail(SkeinClientError.aborted(signal));
      const timer = this.#clock.after(leftMs, () => one.fail(SkeinClientError.deadline(method, leftMs)));
      signal?.addEventListener('abort', onAbort, { once: true });
      waiting.add(one);
    });
  }
}
