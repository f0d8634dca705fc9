import {
  closeCodes,
  errorStatus,
  limits,
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  SkeinError,
} from '@skein/protocol';
import type { ClientRequest, ClientResponse } from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { withSpan } from '@skein/telemetry';
import type { Logger } from '@skein/telemetry';
import type { Entered } from '../../participants/join.ts';
import { logged } from '../../media-sessions/session.ts';
import type { Signaling } from '../../participants/participants.ts';
import type { Departure } from '../../participants/participant-state.ts';
import type { Stay } from '../../participants/participant-session.ts';
import { encodeAnswer, encodeEvent, encodeFailure, readMessage } from './messages.ts';
import { methodNamed } from './methods.ts';
import type { AnyMethod, MethodHost } from './methods.ts';
import { RateLimits } from './rates.ts';
import type { ConnectionRates } from './rates.ts';
import { refusals } from '../../participants/errors.ts';
import type { Socket } from './socket.ts';
import { transition } from './connection-state.ts';
import type { ConnectionEvent, ConnectionState } from './connection-state.ts';

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** What brings clients into rooms. Fails `UNAVAILABLE` until the gateway has been connected to its stores. */
  readonly cluster: () => Pick<Signaling, 'joins' | 'resumes'>;
  readonly joinDeadlineMs: number;
  /** First message of every socket, from `encodeWelcome`. */
  readonly welcome: string;
  readonly rates: ConnectionRates;
}

/** The gateway pings a socket that it has heard nothing of for so long. The SDK asks more often by itself. */
export const HEARTBEAT_INTERVAL_MS = 3000;
/** It drops one that it has heard nothing of for so long: two intervals, and the ping's way over a slow link. */
export const SILENCE_MS = 7000;
/** How long a socket that was too slow has to read what is queued for it, before it is cut. */
export const SLOW_DRAIN_MS = 5000;
/**
 * How long the answer to a request that comes too often is held back: a client that repeats it at once, with as many as it
 * may have in flight, is slowed to some hundred messages a second.
 */
export const REFUSAL_DELAY_MS = 100;
/** How a client closes a socket that it is done with (RFC 6455 §7.4.1); 1005 is a close frame without a code. */
const DELIBERATE: ReadonlySet<number> = new Set([closeCodes.normal, closeCodes.goingAway, 1005]);

/** The same for every socket of a gateway, which encodes it once. `gatewayUrls`: where clients go on without this gateway. */
export function encodeWelcome(gatewayUrls: readonly string[]): string {
  return encodeEvent('welcome', {
    protocolVersion: PROTOCOL_VERSION,
    routerRtpCapabilities,
    heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
    ...(gatewayUrls.length > 0 && { gateways: [...gatewayUrls] }),
  });
}

/** One client's signaling connection: from the welcome to the end of its socket. */
export class Connection implements MethodHost {
  readonly socket: Socket;
  lastHeardMs: number;
  readonly #deps: ConnectionDeps;
  #state: ConnectionState = { phase: 'open' };
  #inFlight = 0;
  #timer: Disposable;
  #slow = false;
  #rates: RateLimits | undefined;

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.socket = socket;
    this.#deps = deps;
    this.lastHeardMs = deps.clock.monotonicMs();
    this.#timer = deps.clock.after(deps.joinDeadlineMs, () => this.#handleJoinDeadline());
    socket.send(deps.welcome);
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
    void this.#end('slow-consumer', 'lost');
    this.#timer[Symbol.dispose]();
    this.#timer = this.#deps.clock.after(SLOW_DRAIN_MS, () => this.socket.terminate());
  }

  /** The transport has sent all that was queued. */
  handleDrain(): void {
    if (!this.#slow) return;
    this.#timer[Symbol.dispose]();
    this.#say(refusals.slowConsumer());
  }

  /** Nothing was heard for too long. */
  handleSilence(): void {
    this.#deps.log.info(this.#logged(), 'a socket gave no sign of life; closing it');
    void this.#end('heartbeat-lost', 'lost');
    this.socket.close(closeCodes.heartbeatLost, 'heartbeat lost');
  }

  /** The socket is gone, whoever closed it. `code`: the client's close code; 1006 when there was no close frame. */
  handleClosed(code: number): void {
    void this.#end('socket-closed', DELIBERATE.has(code) ? 'closed' : 'lost');
    this.#timer[Symbol.dispose]();
  }

  /** The gateway is about to stop: the client has so long to resume elsewhere. */
  moveOver(withinMs: number): void {
    if (this.#state.phase !== 'closed') this.socket.send(encodeEvent('moveOver', { withinMs }));
  }

  /** The gateway stops; the session waits for its client. That its node has heard so is waited for elsewhere. */
  goAway(): void {
    void this.#end('gateway-stopped', 'lost');
    this.socket.close(closeCodes.goingAway, 'the gateway is stopping');
  }

  // MethodHost

  stay(method: string): Stay {
    if (this.#state.phase !== 'inRoom') throw refusals.notJoined(method);
    return this.#state.stay;
  }

  async join(request: ClientRequest<'join'>): Promise<ClientResponse<'join'>> {
    return await this.#enter((signal) => this.#deps.cluster().joins.join(request, this.socket, signal));
  }

  async resume(request: ClientRequest<'resume'>): Promise<ClientResponse<'resume'>> {
    return await this.#enter((signal) => this.#deps.cluster().resumes.resume(request, this.socket, signal));
  }

  async leave(): Promise<void> {
    await this.#end('left', 'left');
  }

  hangUp(): void {
    this.socket.close(closeCodes.normal, 'left');
  }

  // Own parts

  async #enter<Response>(run: (signal: AbortSignal) => Promise<Entered<Response>>): Promise<Response> {
    if (this.#state.phase !== 'open') throw refusals.alreadyJoined();
    const abort = new AbortController();
    this.#transition({ type: 'enterStarted', abort });
    try {
      const { response, stay } = await run(abort.signal);
      this.#transition({ type: 'entered', stay });
      if (this.phase !== 'inRoom') {
        // The socket closed in the very turn in which all was done.
        void stay.end('lost');
        throw refusals.socketClosed();
      }
      this.#timer[Symbol.dispose]();
      return response;
    } catch (error) {
      this.#transition({ type: 'enterFailed' });
      throw error;
    }
  }

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
      await this.#spend(method, name);
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
    if (method?.enters) this.#afterEntering();
  }

  async #call(method: AnyMethod, name: string, data: unknown): Promise<unknown> {
    return await withSpan(`signal ${name}`, {}, () => method.call(this, data), 'server');
  }

  #check({ needs }: AnyMethod, name: string): void {
    if (needs === 'nothing') return;
    const stay = this.stay(name);
    if (needs === 'session') stay.check();
  }

  /** Fails, after a while, when the client asks too often. */
  async #spend({ cost }: AnyMethod, name: string): Promise<void> {
    if (!cost) return;
    const { clock, rates } = this.#deps;
    try {
      this.#rates ??= new RateLimits(rates);
      this.#rates.spend(cost, name, clock.monotonicMs());
    } catch (error) {
      await clock.sleep(REFUSAL_DELAY_MS);
      throw error;
    }
  }

  /** What had to wait until the join or the resume was answered. */
  #afterEntering(): void {
    const state = this.#state;
    if (state.phase === 'closed' && state.reason === 'join-timeout') this.#closeUnjoined();
    if (state.phase === 'inRoom') state.stay.start();
  }

  #handleJoinDeadline(): void {
    this.#transition({ type: 'joinDeadline' });
    if (this.#state.phase === 'closed') this.#closeUnjoined();
  }

  #closeUnjoined(): void {
    this.#say(refusals.joinTimeout());
  }

  /** Tells why, then closes. */
  #say(error: SkeinError): void {
    const { webSocket } = errorStatus[error.code];
    this.socket.send(encodeEvent('error', { code: error.code, message: error.message }));
    this.socket.close(webSocket === 'none' ? closeCodes.normal : webSocket, error.code);
  }

  /** Resolves when the node of the client's session, if there is one, has been told once. */
  #end(reason: string, how: Departure): Promise<void> {
    const state = this.#state;
    this.#transition({ type: 'closed', reason });
    if (state.phase === 'entering') state.abort.abort(refusals.socketClosed());
    return state.phase === 'inRoom' ? state.stay.end(how) : Promise.resolve();
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
    return this.#state.phase === 'inRoom' ? logged(this.#state.stay.address) : {};
  }
}
