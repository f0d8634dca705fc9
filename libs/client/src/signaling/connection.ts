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
  /** The last event. `error`: the close reason of the gateway, or that the connection was lost or never opened. */
  closed: { readonly code: number; readonly error: SkeinClientError };
  /** A frame of unknown form was dropped. */
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
  /** Repeats a request of a lost socket. Default: a new id. */
  readonly id?: string | undefined;
}

export const DEFAULT_DEADLINE_MS = 10_000;

/** One socket to a gateway: requests with their answers, and events. Independent of rooms and media. */
export class SignalingConnection {
  readonly events = new Emitter<SignalingEvents>();
  readonly #pending: PendingRequests;
  readonly #socket: SignalingSocket;
  #state: SignalingState = { kind: 'opening' };
  #lastRequest = 0;
  #framesReceived = 0;
  /** The gateway sends its reason as an `error` event before it closes the socket. */
  #closeReason: SkeinClientError | undefined;

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

  /** The error object of all requests that were pending when the socket closed; undefined before. */
  get lossError(): SkeinClientError | undefined {
    return this.#state.kind === 'closed' ? this.#state.error : undefined;
  }

  /** Number of received frames of any kind. */
  get framesReceived(): number {
    return this.#framesReceived;
  }

  /**
   * Sends a request, before this returns if the window allows. Fails with the code of the gateway, `DEADLINE_EXCEEDED`,
   * `ABORTED`, `CONNECTION_LOST`, or `LIMIT_EXCEEDED` when too many are queued.
   */
  async request<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
    { deadlineMs = DEFAULT_DEADLINE_MS, signal, id = `q${++this.#lastRequest}` }: RequestOptions = {},
  ): Promise<ClientResponse<Method>> {
    if (this.#state.kind !== 'open')
      throw this.lossError ?? SkeinClientError.connectionLost('the socket is not open');
    const text = JSON.stringify({ id, method, data });
    const answer = await this.#pending.add({ id, method, text }, deadlineMs, signal);
    return answer as ClientResponse<Method>;
  }

  /** Closes the socket. Pending requests fail, and `closed` is emitted at once. */
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
        if (frame.event.event === 'error') this.#closeReason = SkeinClientError.fromGateway(frame.event.data);
        return this.events.emit('event', frame.event);
      case 'unknown':
        return this.events.emit('frameIgnored', { problem: frame.problem });
    }
  }

  #handleClosed(code: number, reason: string): void {
    if (this.closed) return;
    const lost = SkeinClientError.connectionLost(reason || `close code ${code}`);
    const error = this.#closeReason ?? (this.#state.kind === 'open' ? lost : SkeinClientError.unreachable());
    this.#state = { kind: 'closed', error };
    this.#pending.failAll(error);
    this.events.emit('closed', { code, error });
  }
}
