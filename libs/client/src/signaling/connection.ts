import type { ClientMethod, ClientRequestInput, ClientResponse } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import { parseFrame, type GatewayEvent } from './frames.ts';
import { PendingRequests } from './pending-requests.ts';
import type { OpenSocket, SignalingSocket } from './socket.ts';

export interface SignalingEvents {
  opened: Record<never, never>;
  event: GatewayEvent;
  /** Last event. `error` is what the gateway said before, if it did; else that it was lost or never reached. */
  closed: { readonly code: number; readonly error: SkeinClientError };
  /** A frame that this client does not understand; it was dropped. */
  frameIgnored: { readonly problem: string };
}

type SignalingState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'open' }
  | { readonly kind: 'closed'; readonly error: SkeinClientError };

export interface RequestOptions {
  /** Default 10 000. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Repeats a request that another socket lost. Default: a new id. */
  readonly id?: string | undefined;
}

export const DEFAULT_DEADLINE_MS = 10_000;

/** One socket to a gateway: requests with their answers, and events. Knows nothing of rooms or media. */
export class SignalingConnection {
  readonly events = new Emitter<SignalingEvents>();
  readonly #pending: PendingRequests;
  readonly #socket: SignalingSocket;
  #state: SignalingState = { kind: 'opening' };
  #lastRequest = 0;
  #framesReceived = 0;
  /** An `error` event announces that the socket is about to be closed, and why. */
  #farewell: SkeinClientError | undefined;

  constructor(url: string, openSocket: OpenSocket, clock: Clock) {
    this.#pending = new PendingRequests(clock, (text) => this.#socket.send(text));
    this.#socket = openSocket(url, {
      opened: () => this.#handleOpened(),
      message: (text) => this.#handleMessage(text),
      closed: (code, reason) => this.#handleClosed(code, reason),
    });
  }

  get closed(): boolean {
    return this.#state.kind === 'closed';
  }

  /** What everything failed with that waited when the socket closed: the same object; undefined before. */
  get lostWith(): SkeinClientError | undefined {
    return this.#state.kind === 'closed' ? this.#state.error : undefined;
  }

  /** Raised by everything that comes in. */
  get framesReceived(): number {
    return this.#framesReceived;
  }

  /**
   * Asks the gateway; sent before this returns if the window allows. Fails with the code that the gateway gave,
   * `DEADLINE_EXCEEDED`, `ABORTED`, `CONNECTION_LOST`, or `LIMIT_EXCEEDED` when too many wait already.
   */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal, id = `q${++this.#lastRequest}` }: RequestOptions = {},
  ): Promise<ClientResponse<Method>> {
    if (this.#state.kind !== 'open')
      throw this.lostWith ?? SkeinClientError.connectionLost('the socket is not open');
    const text = JSON.stringify({ id, method, data });
    const answer = await this.#pending.add({ id, method, text }, deadlineMs, signal);
    return answer as ClientResponse<Method>;
  }

  /** Closes the socket; everything that waits fails, and `closed` follows at once. */
  close(code = 1000, reason = ''): void {
    if (this.closed) return;
    this.#socket.close(code, reason);
    this.#handleClosed(code, reason);
  }

  #handleOpened(): void {
    if (this.#state.kind !== 'opening') return;
    this.#state = { kind: 'open' };
    this.events.emit('opened', {});
  }

  #handleMessage(text: string): void {
    if (this.closed) return;
    this.#framesReceived++;
    const frame = parseFrame(text);
    switch (frame.kind) {
      case 'answer':
        return this.#pending.handleAnswer(frame.id, frame.data);
      case 'failure':
        return this.#pending.handleFailure(frame.id, SkeinClientError.fromWire(frame.error));
      case 'event':
        if (frame.event.event === 'error') this.#farewell = SkeinClientError.fromGateway(frame.event.data);
        return this.events.emit('event', frame.event);
      case 'unknown':
        return this.events.emit('frameIgnored', { problem: frame.problem });
    }
  }

  #handleClosed(code: number, reason: string): void {
    if (this.closed) return;
    const lost = SkeinClientError.connectionLost(reason || `close code ${code}`);
    const error = this.#farewell ?? (this.#state.kind === 'open' ? lost : SkeinClientError.unreachable());
    this.#state = { kind: 'closed', error };
    this.#pending.failAll(error);
    this.events.emit('closed', { code, error });
  }
}
