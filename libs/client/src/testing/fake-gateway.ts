import type { ClientMethod } from '@skein/protocol';
import type { OpenSocket, SocketHandlers } from '../signaling/socket.ts';

export interface SeenRequest {
  readonly id: string;
  readonly method: ClientMethod;
  readonly data: Record<string, unknown>;
}

/** Answers a request: returns the data, `undefined` for no answer, or a `Refusal` for an error. */
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

interface FakeSocket {
  readonly url: string;
  readonly handlers: SocketHandlers;
  closedWith: number | undefined;
}

/**
 * The peer of signaling sockets, without a network. Answers in a microtask by `answers`. Sends events over the socket that joined or
 * resumed last, everything else over the one that was opened last.
 */
export class FakeGateway {
  readonly requests: SeenRequest[] = [];
  readonly answers = new Map<ClientMethod, Answer>();
  readonly sockets: FakeSocket[] = [];
  /** Runs in a microtask after each `openSocket`. */
  onOpen: (() => void) | undefined;
  /** The socket of the session. */
  holder: FakeSocket | undefined;

  readonly openSocket: OpenSocket = (url, handlers) => {
    const socket: FakeSocket = { url, handlers, closedWith: undefined };
    this.sockets.push(socket);
    queueMicrotask(() => this.onOpen?.());
    return {
      send: (text) => this.#receive(socket, text),
      close: (code) => (socket.closedWith = code),
    };
  };

  /** How the client closed the last socket. */
  get closedWith(): number | undefined {
    return this.sockets.at(-1)?.closedWith;
  }

  accept(): void {
    this.#last?.opened();
  }

  event(event: string, data: unknown, version?: number): void {
    const socket = event === 'welcome' ? this.sockets.at(-1) : (this.holder ?? this.sockets.at(-1));
    socket?.handlers.message(JSON.stringify({ event, data, version }));
  }

  answer(id: string, data: unknown): void {
    this.raw(JSON.stringify({ id, data }));
  }

  refuse(id: string, refusal: Refusal): void {
    this.raw(JSON.stringify({ id, error: refusal.error }));
  }

  raw(text: string): void {
    this.#last?.message(text);
  }

  drop(code = 1006, reason = ''): void {
    this.#last?.closed(code, reason);
  }

  sent(method: ClientMethod): SeenRequest[] {
    return this.requests.filter((request) => request.method === method);
  }

  get #last(): SocketHandlers | undefined {
    return this.sockets.at(-1)?.handlers;
  }

  #receive(socket: FakeSocket, text: string): void {
    const request = JSON.parse(text) as SeenRequest;
    this.requests.push(request);
    const answer = this.answers.get(request.method);
    queueMicrotask(() => {
      const data = answer?.(request.data);
      if (data === undefined) return;
      const { id, method } = request;
      if ((method === 'join' || method === 'resume') && !(data instanceof Refusal)) this.holder = socket;
      const frame = data instanceof Refusal ? { id, error: data.error } : { id, data };
      socket.handlers.message(JSON.stringify(frame));
    });
  }
}
