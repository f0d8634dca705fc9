import type { ClientResponse } from '@skein/protocol';
import { SkeinClientError } from '../errors/client-error.ts';
import type { SignalingConnection } from '../signaling/connection.ts';
import type { EarlyEvents } from '../signaling/early-events.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import type { HandshakeResult, ResumeParams, ResumeResult } from '../signaling/handshake.ts';
import { Heartbeat } from '../signaling/heartbeat.ts';
import { handshakeDeadlines, RoundTrip } from '../signaling/link-times.ts';
import { GatewayAddresses } from './gateway-addresses.ts';
import { handshakeDelayMs, mayAnotherGatewayHelp } from './handshake-delay.ts';
import type { SessionDeps, SessionOptions } from './session-options.ts';
import type { Attempt, SessionCommand } from './session-state.ts';

export interface SocketsDeps extends Pick<SessionDeps, 'clock' | 'random' | 'handshake'> {
  resumeParams(): ResumeParams;
  /** An event over the socket in use. */
  event(event: GatewayEvent): void;
  lost(socket: number): void;
  /** An attempt failed. `epoch`: of the session that it tried to resume. */
  failed(socket: number, epoch: number, error: SkeinClientError): void;
  resumed(socket: number, answer: ResumeResult): void;
  joined(socket: number, answer: ClientResponse<'join'>): void;
}

interface Socket {
  readonly connection: SignalingConnection;
  readonly early: EarlyEvents;
  /** Measured for each socket: the network may be another one. */
  readonly roundTrip: RoundTrip;
}

type AttemptCommand = Extract<SessionCommand, { type: 'attempt' }>;

/** Close code towards a gateway that does not answer: 1000 would end the session if the gateway received it. */
const UNANSWERED = 4002;

/** The sockets by number: one in use, and attempts at another one. */
export class Sockets {
  readonly #deps: SocketsDeps;
  readonly #options: SessionOptions;
  readonly #addresses: GatewayAddresses;
  readonly #closing = new AbortController();
  readonly #sockets = new Map<number, Socket>();
  /** Delays before attempts. */
  readonly #delays = new Map<number, AbortController>();
  /** To the gateway of the last handshake. */
  #roundTrip: RoundTrip;
  #used: { readonly socket: number; readonly heartbeat: Heartbeat } | undefined;

  constructor(deps: SocketsDeps, options: SessionOptions, first: HandshakeResult<unknown>) {
    this.#deps = deps;
    this.#options = options;
    this.#addresses = new GatewayAddresses(options.urls, options.url, deps.random);
    this.#roundTrip = this.#add(0, options.url, first).roundTrip;
  }

  get gateways(): readonly string[] {
    const { all, current } = this.#addresses;
    return [current, ...all.filter((url) => url !== current)];
  }

  get roundTripMs(): number | undefined {
    return this.#used && this.#roundTrip.lastMs;
  }

  attempt(command: AttemptCommand): void {
    void this.#runAttempt(command);
  }

  expedite(socket: number): void {
    this.#delays.get(socket)?.abort();
  }

  /** Follows `socket` from now on, and no other one. Early events wait for `ifUsed`. */
  use(socket: number): SignalingConnection {
    const entry = this.#sockets.get(socket);
    if (!entry) throw SkeinClientError.connectionLost('the socket has closed');
    const { connection, roundTrip } = entry;
    this.#roundTrip = roundTrip;
    this.#used?.heartbeat[Symbol.dispose]();
    const heartbeat = new Heartbeat(
      {
        clock: this.#deps.clock,
        connection,
        roundTrip,
        dead: () => connection.close(UNANSWERED, 'unanswered'),
      },
      { intervalMs: this.#options.pingIntervalMs },
    );
    this.#used = { socket, heartbeat };
    connection.events.on('closed', () => this.#handleClosed(socket));
    return connection;
  }

  /** If `socket` is in use: calls `first`, then delivers the events from before, and all that follow. */
  ifUsed(socket: number, first: () => void): void {
    const entry = this.#sockets.get(socket);
    if (!entry || this.#used?.socket !== socket) return;
    first();
    entry.early.replayTo((event) => this.#handleEvent(socket, event));
    entry.connection.events.on('event', (event) => this.#handleEvent(socket, event));
    // It may have closed before this listener was added.
    if (entry.connection.closed) this.#handleClosed(socket);
  }

  close(socket: number): void {
    const entry = this.#sockets.get(socket);
    this.#sockets.delete(socket);
    this.#delays.get(socket)?.abort();
    entry?.early[Symbol.dispose]();
    entry?.connection.close();
  }

  closeAll(): void {
    this.#closing.abort(SkeinClientError.roomClosed());
    for (const delay of this.#delays.values()) delay.abort();
    this.#used?.heartbeat[Symbol.dispose]();
    for (const socket of this.#sockets.keys()) this.close(socket);
  }

  async #runAttempt({ attempt, error, withinMs }: AttemptCommand): Promise<void> {
    const delayMs = withinMs === undefined ? this.#delayMs(attempt, error) : withinMs * this.#deps.random();
    await this.#delay(attempt.socket, delayMs);
    if (this.#closing.signal.aborted) return;
    const url = this.#addresses.next();
    const params = this.#deps.resumeParams();
    try {
      await this.#connect(attempt, url, params);
    } catch (thrown) {
      this.#deps.failed(attempt.socket, params.epoch, SkeinClientError.from(thrown));
    }
  }

  /** Each gateway is tried once before the delay that one of them asked for applies. */
  #delayMs({ failures }: Attempt, error: SkeinClientError | undefined): number {
    const { length } = this.#addresses.all;
    const tryNextAtOnce = error !== undefined && failures < length && mayAnotherGatewayHelp(error.code);
    const retryAfterMs = tryNextAtOnce ? undefined : error?.retryAfterMs;
    return handshakeDelayMs(failures, length, retryAfterMs, this.#deps.random);
  }

  async #connect({ method, socket, failures }: Attempt, url: string, params: ResumeParams): Promise<void> {
    const { handshake } = this.#deps;
    const { signal } = this.#closing;
    const rounds = Math.floor(failures / this.#addresses.all.length);
    const deadlines = handshakeDeadlines(this.#roundTrip.usualMs, rounds);
    if (method === 'resume') {
      const result = await handshake.resume(url, params, deadlines, signal);
      this.#add(socket, url, result);
      this.#deps.resumed(socket, result.answer);
    } else {
      // The node that was requested at first may be the one that died.
      const { identity, epoch: lastEpoch } = params;
      const change = { identity, nodeId: undefined, lastEpoch };
      const result = await handshake.join(url, change, deadlines, signal);
      this.#add(socket, url, result);
      this.#deps.joined(socket, result.answer);
    }
  }

  #add(socket: number, url: string, result: HandshakeResult<unknown>): Socket {
    const { connection, early, welcomeMs, gateways } = result;
    this.#addresses.learn(url, gateways);
    const entry = { connection, early, roundTrip: new RoundTrip(welcomeMs) };
    this.#sockets.set(socket, entry);
    return entry;
  }

  async #delay(socket: number, ms: number): Promise<void> {
    const expedited = new AbortController();
    this.#delays.set(socket, expedited);
    await this.#deps.clock.sleep(ms, expedited.signal).catch(() => undefined);
    this.#delays.delete(socket);
  }

  #handleEvent(socket: number, event: GatewayEvent): void {
    if (this.#used?.socket === socket) this.#deps.event(event);
  }

  #handleClosed(socket: number): void {
    this.#sockets.delete(socket);
    if (this.#used?.socket !== socket) return;
    this.#used.heartbeat[Symbol.dispose]();
    this.#deps.lost(socket);
  }
}
