import type { ClientMethod } from '@skein/protocol';
import type { OpenSocket, SocketHandlers } from '../signaling/socket.ts';

export interface SeenRequest {
  readonly id: string;
  readonly method: ClientMethod;
  readonly data: Record<string, unknown>;
}

/** Answers a request: what it returns is the data, `undefined` leaves it open, and a `Refusal` is an error. */
type Answer = (data: Record<string, unknown>) => unknown;

export class Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly retryAfterMs?: number | undefined;
  };

  constructor(code: string, retryAfterMs?: number) {
    this.error = { code, message: `refused with ${code}`, retryAfterMs };
  }
}

/** The other end of a signaling socket, without a network. Answers in a microtask, as told by `answers`. */
export class FakeGateway {
  readonly requests: SeenRequest[] = [];
  readonly answers = new Map<ClientMethod, Answer>();
  closedWith: number | undefined;
  #handlers: SocketHandlers | undefined;

  readonly openSocket: OpenSocket = (_url, handlers) => {
    this.#handlers = handlers;
    return {
      send: (text) => this.#receive(text),
      close: (code) => (this.closedWith = code),
    };
  };

  accept(): void {
    this.#handlers?.opened();
  }

  event(event: string, data: unknown, version?: number): void {
    this.#handlers?.message(JSON.stringify({ event, data, version }));
  }

  answer(id: string, data: unknown): void {
    this.#handlers?.message(JSON.stringify({ id, data }));
  }

  refuse(id: string, refusal: Refusal): void {
    this.#handlers?.message(JSON.stringify({ id, error: refusal.error }));
  }

  raw(text: string): void {
    this.#handlers?.message(text);
  }

  drop(code = 1006, reason = ''): void {
    this.#handlers?.closed(code, reason);
  }

  sent(method: ClientMethod): SeenRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  #receive(text: string): void {
    const request = JSON.parse(text) as SeenRequest;
    this.requests.push(request);
    const answer = this.answers.get(request.method);
    queueMicrotask(() => {
      const data = answer?.(request.data);
      if (data instanceof Refusal) this.refuse(request.id, data);
      else if (data !== undefined) this.answer(request.id, data);
    });
  }
}
