import { closeCodes, limits, PROTOCOL_VERSION, routerRtpCapabilities, SkeinError } from '@skein/protocol';
import type {
  ClientRequest,
  ClientResponse,
  SessionEndReason,
  SessionEvent,
  SessionMethod,
  SessionRequest,
  SessionResponse,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { withSpan } from '@skein/telemetry';
import type { Logger } from '@skein/telemetry';
import type { JoinClient } from '../joins/joins.ts';
import type { JoinedSession, SessionAddress } from '../sessions/session.ts';
import type { Signaling } from '../signaling.ts';
import { encodeAnswer, encodeEvent, encodeFailure, readMessage } from './messages.ts';
import { methodNamed } from './methods.ts';
import type { AnyMethod, MethodHost } from './methods.ts';
import { refusals } from './refusals.ts';
import type { Socket } from './socket.ts';
import { transition } from './state.ts';
import type { ConnectionEvent, ConnectionState } from './state.ts';

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** What a joined socket works with. Fails `UNAVAILABLE` until the gateway has been connected to its stores. */
  readonly cluster: () => Pick<Signaling, 'joins' | 'rooms' | 'nodes' | 'endings'>;
  readonly joinDeadlineMs: number;
}

/** The gateway pings every socket this often and drops one that it heard nothing of for three times as long. */
export const HEARTBEAT_INTERVAL_MS = 10_000;
/** How long a socket that was too slow has to read what is queued for it, before it is cut. */
export const SLOW_DRAIN_MS = 5000;
/** Session events that may come before the join's answer; more are dropped. They are sent after it. */
const EARLY_EVENTS_MAX = 256;

/** The same for every socket, so encoded once. */
const WELCOME = encodeEvent('welcome', {
  protocolVersion: PROTOCOL_VERSION,
  routerRtpCapabilities,
  heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
});

/** One client's signaling connection: from the welcome to the end of its socket. */
export class Connection implements MethodHost, JoinClient {
  readonly socket: Socket;
  lastHeardMs: number;
  readonly #deps: ConnectionDeps;
  #state: ConnectionState = { phase: 'open' };
  #inFlight = 0;
  #timer: Disposable;
  #slow = false;
  #earlyEvents: SessionEvent[] = [];

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.socket = socket;
    this.#deps = deps;
    this.lastHeardMs = deps.clock.monotonicMs();
    this.#timer = deps.clock.after(deps.joinDeadlineMs, () => this.#handleJoinDeadline());
    socket.send(WELCOME);
  }

  get phase(): ConnectionState['phase'] {
    return this.#state.phase;
  }

  /** One WebSocket message. Every one is answered, except on a socket that is closing. */
  receive(bytes: ArrayBuffer, isBinary: boolean): void {
    this.heard();
    if (this.#state.phase === 'closed' || this.#slow) return;
    const message = readMessage(bytes, isBinary);
    if (message.outcome === 'refused') this.socket.send(encodeFailure(message.id, message.error));
    else void this.#answer(message.id, message.method, message.data);
  }

  /** Any sign of life. */
  heard(): void {
    this.lastHeardMs = this.#deps.clock.monotonicMs();
  }

  /** The transport dropped a message because too much is queued. See docs/protocol.md, «Slow readers». */
  handleOverflow(): void {
    if (this.#slow || this.#state.phase === 'closed') return;
    this.#slow = true;
    this.#deps.log.warn(this.#logged(), 'a socket reads too slowly; closing it');
    void this.#end('slow-consumer');
    this.#timer[Symbol.dispose]();
    this.#timer = this.#deps.clock.after(SLOW_DRAIN_MS, () => this.socket.terminate());
  }

  /** The transport has sent all that was queued. */
  handleDrain(): void {
    if (!this.#slow) return;
    this.#timer[Symbol.dispose]();
    this.#say(refusals.slowConsumer(), closeCodes.slowConsumer);
  }

  /** Nothing was heard for too long. */
  handleSilence(): void {
    this.#deps.log.info(this.#logged(), 'a socket gave no sign of life; closing it');
    void this.#end('heartbeat-lost');
    this.socket.close(closeCodes.heartbeatLost, 'heartbeat lost');
  }

  /** The socket is gone, whoever closed it. */
  handleClosed(): void {
    void this.#end('socket-closed');
    this.#timer[Symbol.dispose]();
  }

  /** The gateway stops. The session's node is told first; that it has heard is waited for elsewhere. */
  goAway(): void {
    void this.#end('gateway-stopped');
    this.socket.close(closeCodes.goingAway, 'the gateway is stopping');
  }

  // MethodHost

  session(method: string): SessionAddress {
    const state = this.#state;
    if (state.phase === 'joined') return state.session.address;
    if (state.phase === 'over') throw refusals.sessionOver(state.reason);
    throw refusals.notJoined(method);
  }

  async join(request: ClientRequest<'join'>): Promise<ClientResponse<'join'>> {
    if (this.#state.phase !== 'open') throw refusals.alreadyJoined();
    const abort = new AbortController();
    this.#transition({ type: 'joinStarted', abort });
    try {
      const { response, session } = await this.#deps.cluster().joins.join(request, this, abort.signal);
      this.#transition({ type: 'joined', session });
      if (this.phase !== 'joined') throw this.#tooLate(session);
      this.#timer[Symbol.dispose]();
      return response;
    } catch (error) {
      this.#earlyEvents = [];
      this.#transition({ type: 'joinFailed' });
      throw error;
    }
  }

  async ask<Method extends SessionMethod>(
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>> {
    return await this.#deps.cluster().nodes.request(this.session(method), method, data);
  }

  async sync({ room }: SessionAddress, version: number): Promise<ClientResponse<'sync'>> {
    return await this.#deps.cluster().rooms.sync(room, version);
  }

  async leave(): Promise<void> {
    await this.#end('left');
  }

  hangUp(): void {
    this.socket.close(closeCodes.normal, 'left');
  }

  // JoinClient

  handleSessionEvent(message: SessionEvent): void {
    if (this.#state.phase === 'joining') {
      if (this.#earlyEvents.length < EARLY_EVENTS_MAX) this.#earlyEvents.push(message);
      return;
    }
    if (this.#state.phase !== 'joined') return;
    if (message.event === 'sessionClosed') this.handleSessionEnd(message.data.reason);
    else if (message.event === 'subscriptionClosed')
      this.socket.send(encodeEvent(message.event, message.data));
    else this.socket.send(encodeEvent(message.event, message.data));
  }

  handleSessionEnd(reason: SessionEndReason): void {
    const state = this.#state;
    if (state.phase !== 'joined') return;
    this.#transition({ type: 'sessionEnded', reason });
    state.session.release();
    this.socket.send(encodeEvent('sessionClosed', { reason }));
  }

  // Own parts

  async #answer(id: string, name: string, data: unknown): Promise<void> {
    if (this.#inFlight >= limits.requestsInFlight) {
      this.socket.send(encodeFailure(id, refusals.tooManyRequests()));
      return;
    }
    this.#inFlight++;
    let method: AnyMethod | undefined;
    try {
      method = methodNamed(name);
      this.#check(method, name);
      this.socket.send(encodeAnswer(id, await this.#call(method, name, data)));
      method.afterAnswer?.(this);
    } catch (error) {
      const failure = SkeinError.from(error);
      if (failure.code === 'INTERNAL') {
        this.#deps.log.error({ ...this.#logged(), method: name, err: error }, 'a request failed');
      }
      this.socket.send(encodeFailure(id, failure));
    } finally {
      this.#inFlight--;
    }
    if (name === 'join') this.#afterJoin();
  }

  async #call(method: AnyMethod, name: string, data: unknown): Promise<unknown> {
    return await withSpan(`signal ${name}`, {}, () => method.call(this, data), 'server');
  }

  #check({ needs }: AnyMethod, name: string): void {
    const { phase } = this.#state;
    if (needs === 'nothing' || phase === 'joined') return;
    if (needs === 'joinedOnce' && phase === 'over') return;
    this.session(name);
  }

  /** What had to wait until the join was answered. */
  #afterJoin(): void {
    const state = this.#state;
    if (state.phase === 'closed' && state.reason === 'join-timeout') this.#closeUnjoined();
    if (state.phase !== 'joined') return;
    const events = this.#earlyEvents;
    this.#earlyEvents = [];
    for (const event of events) this.handleSessionEvent(event);
  }

  /** The socket closed in the very turn in which the join was done. */
  #tooLate(session: JoinedSession): SkeinError {
    session.release();
    void this.#deps.cluster().endings.end(session.address, 'disconnected');
    return refusals.socketClosed();
  }

  #handleJoinDeadline(): void {
    this.#transition({ type: 'joinDeadline' });
    if (this.#state.phase === 'closed') this.#closeUnjoined();
  }

  #closeUnjoined(): void {
    this.#say(refusals.joinTimeout(), closeCodes.joinTimeout);
  }

  /** Tells why, then closes. */
  #say(error: SkeinError, closeCode: number): void {
    this.socket.send(encodeEvent('error', { code: error.code, message: error.message }));
    this.socket.close(closeCode, error.code);
  }

  /**
   * The one place that decides what becomes of a session whose client is gone: it ends at once. Resolves when its
   * node has been told once.
   */
  #end(reason: string): Promise<void> {
    const state = this.#state;
    this.#transition({ type: 'closed', reason });
    if (state.phase === 'joining') state.abort.abort(refusals.socketClosed());
    if (state.phase !== 'joined') return Promise.resolve();
    state.session.release();
    return this.#deps
      .cluster()
      .endings.end(state.session.address, reason === 'left' ? 'left' : 'disconnected');
  }

  #transition(event: ConnectionEvent): void {
    const from = this.#state;
    this.#state = transition(from, event);
    if (from.phase === this.#state.phase) return;
    const reason = 'reason' in event ? event.reason : event.type;
    this.#deps.log.debug(
      { ...this.#logged(), from: from.phase, to: this.#state.phase, reason },
      'connection',
    );
  }

  #logged(): Record<string, string> {
    const state = this.#state;
    if (state.phase !== 'joined' && state.phase !== 'over') return {};
    const { room, identity, sessionId, nodeId } = state.session.address;
    return { room, participant: identity, sessionId, nodeId };
  }
}
