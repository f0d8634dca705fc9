import {
  SignalingConnection,
  signalingUrl,
  welcomeOf,
  EarlyEvents,
  SkeinClientError,
  type GatewayEvent,
} from '@skein/client/signaling';
import {
  PROTOCOL_VERSION,
  type ClientMethod,
  type ClientRequestInput,
  type ClientResponse,
} from '@skein/protocol';
import type { Clock, Random } from '@skein/runtime';
import type { OpenSocket } from '@skein/client/signaling';
import { PeerError } from '../peer.ts';
import { receiveCapabilities } from './rtp-parameters.ts';

/** What stays the same in every `join` and `resume` of a peer. */
export type Visitor = Omit<ClientRequestInput<'join'>, 'protocolVersion' | 'rtpCapabilities'> & {
  readonly identity: string;
};
export type Resumption = Omit<
  ClientRequestInput<'resume'>,
  keyof ClientRequestInput<'join'> | 'identity' | 'nodeId'
> & { readonly nodeId: string };

export interface LineHandlers {
  event(event: GatewayEvent): void;
  /** The room's state after a resume. */
  resumed(answer: ClientResponse<'resume'>): void;
  /** The session to go on with; `undefined` when there is none any more. */
  resumption(): Resumption | undefined;
  /** The socket was lost, and the session could not be gone on with. */
  lost(error: SkeinClientError): void;
}

export interface LineParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly openSocket: OpenSocket;
  readonly urls: readonly string[];
  readonly visitor: Visitor;
}

const WELCOME_DEADLINE_MS = 10_000;
const REQUEST_DEADLINE_MS = 10_000;
/** The gateway keeps a session without a socket for 15 s. */
const RESUME_WITHIN_MS = 15_000;
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2000;

/** A peer's signaling: joins, asks, and goes on at another gateway when its socket is lost. */
export class Line {
  readonly #parts: LineParts;
  readonly #handlers: LineHandlers;
  #connection: SignalingConnection | undefined;
  #resuming: Promise<void> | undefined;
  #urlIndex = 0;
  #closed = false;

  constructor(parts: LineParts, handlers: LineHandlers) {
    this.#parts = parts;
    this.#handlers = handlers;
  }

  /** Events that came before the answer are told right after `joined` was called with it. */
  async join(
    deadlineMs: number,
    signal: AbortSignal | undefined,
    joined: (answer: ClientResponse<'join'>, times: { joinMs: number; answerMs: number }) => void,
  ): Promise<void> {
    const { clock, visitor } = this.#parts;
    const openedAtMs = clock.monotonicMs();
    const connection = this.#open();
    const early = new EarlyEvents(connection.events);
    try {
      await welcomeOf(connection, clock, Math.min(deadlineMs, WELCOME_DEADLINE_MS), signal);
      const askedAtMs = clock.monotonicMs();
      const leftMs = Math.max(1, deadlineMs - (askedAtMs - openedAtMs));
      const request = { ...visitor, protocolVersion: PROTOCOL_VERSION, rtpCapabilities: receiveCapabilities };
      const answer = await connection.request('join', request, { deadlineMs: leftMs, signal });
      const nowMs = clock.monotonicMs();
      joined(answer, { joinMs: nowMs - openedAtMs, answerMs: nowMs - askedAtMs });
      this.#use(connection, early);
    } catch (error) {
      early[Symbol.dispose]();
      connection.close();
      throw PeerError.from(error);
    }
  }

  /** Asks now, or after the socket has been replaced; rejects with a `PeerError`. */
  async ask<Method extends ClientMethod>(
    method: Method,
    data: ClientRequestInput<Method>,
    deadlineMs = REQUEST_DEADLINE_MS,
  ): Promise<ClientResponse<Method>> {
    for (;;) {
      await this.#resuming;
      const connection = this.#connection;
      if (this.#closed || !connection) throw new PeerError('ROOM_CLOSED', 'the peer has no connection');
      try {
        return await connection.request(method, data, { deadlineMs });
      } catch (error) {
        if (error !== connection.lostWith || this.#closed) throw PeerError.from(error);
      }
    }
  }

  /** Goes on at another gateway; this one is going away. */
  moveOver(): void {
    this.#connection?.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#connection?.close();
  }

  #open(): SignalingConnection {
    const { urls, openSocket, clock } = this.#parts;
    const url = urls[this.#urlIndex % urls.length] ?? '';
    return new SignalingConnection(signalingUrl(url), openSocket, clock);
  }

  #use(connection: SignalingConnection, early: EarlyEvents): void {
    this.#connection = connection;
    early.replayTo((event) => this.#handlers.event(event));
    connection.events.on('event', (event) => this.#handlers.event(event));
    connection.events.on('closed', ({ error }) => this.#handleClosed(error));
    if (connection.lostWith) this.#handleClosed(connection.lostWith);
  }

  #handleClosed(error: SkeinClientError): void {
    if (this.#closed) return;
    this.#resuming ??= this.#resume(error).finally(() => (this.#resuming = undefined));
  }

  async #resume(lost: SkeinClientError): Promise<void> {
    const { clock, random } = this.#parts;
    const endMs = clock.monotonicMs() + RESUME_WITHIN_MS;
    let problem = lost;
    for (let delayMs = 0; clock.monotonicMs() + delayMs < endMs;) {
      // Hundreds of peers lose the same gateway at once.
      await clock.sleep(delayMs * (0.5 + random()));
      const resumption = this.#closed ? undefined : this.#handlers.resumption();
      if (!resumption) return;
      this.#urlIndex++;
      try {
        return await this.#resumeOnce(resumption);
      } catch (thrown) {
        problem = SkeinClientError.from(thrown);
        if (problem.code === 'SESSION_NOT_FOUND' || problem.code === 'STALE_EPOCH') break;
      }
      delayMs = Math.min(MAX_RETRY_MS, delayMs * 2 || FIRST_RETRY_MS);
    }
    if (this.#closed) return;
    this.close();
    this.#handlers.lost(problem);
  }

  async #resumeOnce(resumption: Resumption): Promise<void> {
    const { clock, visitor } = this.#parts;
    const connection = this.#open();
    const early = new EarlyEvents(connection.events);
    try {
      await welcomeOf(connection, clock, WELCOME_DEADLINE_MS);
      const media = { protocolVersion: PROTOCOL_VERSION, rtpCapabilities: receiveCapabilities };
      const answer = await connection.request('resume', { ...visitor, ...resumption, ...media });
      this.#handlers.resumed(answer);
      this.#use(connection, early);
    } catch (error) {
      early[Symbol.dispose]();
      connection.close();
      throw error;
    }
  }
}
