import {
  closeCodes,
  errorStatus,
  limits,
  PROTOCOL_VERSION,
  routerRtpCapabilities,
  SkeinError,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import { type Logger, withSpan } from '@skein/telemetry';
import { logFields } from '../../media-sessions/log-fields.ts';
import type { Departure } from '../../media-sessions/session.ts';
import type { Credentials } from '../../participants/admission.ts';
import type { ClientNotification, ClientPort, DisconnectReason } from '../../participants/client-port.ts';
import type { Entrance, GatewayParticipant } from '../../participants/entrance.ts';
import { GatewayError } from '../../participants/errors.ts';
import type { RoomChannel } from '../../rooms/room-channel.ts';
import { type ConnectionEvent, type ConnectionState, stepConnection } from './connection-state.ts';
import { encodeAnswer, encodeEvent, encodeFailure, readMessage } from './messages.ts';
import { type Enter, type Method, methodNamed } from './methods.ts';
import { type ConnectionRates, type RateCost, RateLimits } from './rates.ts';
import type { RoomTopics } from './room-topics.ts';
import type { Socket, SocketHandler } from './socket.ts';

export interface ConnectionDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly entrance: Entrance;
  readonly topics: RoomTopics;
  readonly joinDeadlineMs: number;
  /** First message of every socket, from `encodeWelcome`. */
  readonly welcome: string;
  readonly rates: ConnectionRates;
  readonly onClosed: (connection: Connection) => void;
}

/** The gateway pings a socket after this much silence. The SDK pings more often. */
export const HEARTBEAT_INTERVAL_MS = 3000;
/** It closes one after this much silence: two intervals, and the ping's round trip over a slow link. */
export const SILENCE_MS = 7000;
/** How long a socket that was too slow has to read its queue, before it is cut. */
export const SLOW_DRAIN_MS = 5000;
/**
 * Delay of the answer to a request that exceeds a rate limit: it slows a client that repeats at once, with as many requests
 * in flight as allowed, to some hundred messages a second.
 */
export const RATE_LIMIT_DELAY_MS = 100;
/** How a client closes a socket deliberately (RFC 6455 §7.4.1); 1005 is a close frame without a code. */
const DELIBERATE: ReadonlySet<number> = new Set([closeCodes.normal, closeCodes.goingAway, 1005]);

const DISCONNECTS = {
  gatewayStopping: {
    cause: 'gateway-stopped',
    code: closeCodes.goingAway,
    text: 'the gateway is stopping',
  },
} as const satisfies Record<DisconnectReason, { cause: string; code: number; text: string }>;

/** The same for every socket of a gateway, which encodes it once. `gatewayUrls`: the gateways that a client can fail over to. */
export function encodeWelcome(gatewayUrls: readonly string[]): string {
  return encodeEvent({
    type: 'welcome',
    data: {
      protocolVersion: PROTOCOL_VERSION,
      routerRtpCapabilities,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      ...(gatewayUrls.length > 0 && { gateways: [...gatewayUrls] }),
    },
  });
}

/** One client's signaling connection: from the welcome to the end of its socket. */
export class Connection implements ClientPort, SocketHandler {
  readonly socket: Socket;
  lastHeardMs: number;
  readonly #credentials: Credentials;
  readonly #deps: ConnectionDeps;
  #state: ConnectionState = { kind: 'open' };
  #inFlight = 0;
  #timer: Disposable;
  #isSlow = false;
  #rates: RateLimits | undefined;

  constructor(socket: Socket, credentials: Credentials, deps: ConnectionDeps) {
    this.socket = socket;
    this.#credentials = credentials;
    this.#deps = deps;
    this.lastHeardMs = deps.clock.monotonicMs();
    this.#timer = deps.clock.after(deps.joinDeadlineMs, () => this.#handleJoinDeadline());
    socket.send(deps.welcome);
  }

  get state(): ConnectionState['kind'] {
    return this.#state.kind;
  }

  // ClientPort

  notify(event: ClientNotification): void {
    if (this.#state.kind !== 'closed') this.socket.send(encodeEvent(event));
  }

  follow(channel: RoomChannel): void {
    this.#deps.topics.follow(channel, this.socket);
  }

  unfollow(channel: RoomChannel): void {
    this.#deps.topics.unfollow(channel, this.socket);
  }

  disconnect(reason: DisconnectReason): void {
    const { cause, code, text } = DISCONNECTS[reason];
    void this.#end(cause, 'lost');
    this.socket.close(code, text);
  }

  // SocketHandler

  /** Every message is answered, except on a socket that is closing. */
  receive(bytes: ArrayBuffer, isBinary: boolean): void {
    this.handleHeartbeat();
    if (this.#state.kind === 'closed' || this.#isSlow) return;
    const message = readMessage(bytes, isBinary);
    if (message.kind === 'rejected') this.socket.send(encodeFailure(message.id, message.error));
    else void this.#answer(message.id, message.method, message.data);
  }

  handleHeartbeat(): void {
    this.lastHeardMs = this.#deps.clock.monotonicMs();
  }

  /** See docs/protocol.md, «Slow readers». */
  handleOverflow(): void {
    if (this.#isSlow || this.#state.kind === 'closed') return;
    this.#isSlow = true;
    this.#deps.log.warn(this.#logFields(), 'socket reads too slowly; closing it');
    void this.#end('slow-consumer', 'lost');
    this.#timer[Symbol.dispose]();
    this.#timer = this.#deps.clock.after(SLOW_DRAIN_MS, () => this.socket.terminate());
  }

  handleDrain(): void {
    if (!this.#isSlow) return;
    this.#timer[Symbol.dispose]();
    this.#closeWith(GatewayError.slowConsumer());
  }

  handleClosed(code: number): void {
    void this.#end('socket-closed', DELIBERATE.has(code) ? 'closed' : 'lost');
    this.#timer[Symbol.dispose]();
    this.#deps.onClosed(this);
  }

  /** The peer was silent for `SILENCE_MS`. */
  handleSilence(): void {
    const { log } = this.#deps;
    log.info({ event: 'connection.silent', ...this.#logFields() }, 'socket sent no heartbeat; closing it');
    void this.#end('heartbeat-lost', 'lost');
    this.socket.close(closeCodes.heartbeatLost, 'heartbeat lost');
  }

  // Own parts

  async #answer(id: string, name: string, data: unknown): Promise<void> {
    if (this.#inFlight >= limits.requestsInFlight) {
      this.socket.send(encodeFailure(id, GatewayError.tooManyRequests()));
      return;
    }
    this.#inFlight++;
    let method: Method | undefined;
    try {
      const known = (method = methodNamed(name));
      this.socket.send(encodeAnswer(id, await this.#run(known, name, data)));
      if (method.kind === 'leave') this.socket.close(closeCodes.normal, 'left');
    } catch (error) {
      const failure = SkeinError.from(error);
      if (failure.code === 'INTERNAL') {
        this.#deps.log.error({ ...this.#logFields(), method: name, err: error }, 'request failed');
      }
      this.socket.send(encodeFailure(id, failure));
    } finally {
      this.#inFlight--;
    }
    if (method?.kind === 'enter') this.#handleEnterAnswered();
  }

  /** Not async, and without a promise of its own: every request of every client passes here. */
  #run(method: Method, name: string, data: unknown): Promise<unknown> {
    switch (method.kind) {
      case 'enter':
        return withRequestSpan(name, () => this.#enter(method.enter(data)));
      case 'call': {
        const participant = this.#participant(name);
        if (!method.alsoWhenOver) participant.check();
        const call = (): unknown => method.call(participant, data);
        if (!method.cost) return withRequestSpan(name, call);
        return this.#spend(method.cost, name).then(() => withRequestSpan(name, call));
      }
      case 'leave':
        this.#participant(name);
        return withRequestSpan(name, async () => {
          method.parse(data);
          await this.#end('left', 'left');
          return {};
        });
    }
  }

  async #enter(enter: Enter): Promise<unknown> {
    if (this.#state.kind !== 'open') throw GatewayError.alreadyJoined();
    const abort = new AbortController();
    this.#dispatch({ type: 'enterStarted', abort });
    try {
      const from = { port: this, credentials: this.#credentials, signal: abort.signal };
      const { response, participant } = await enter(this.#deps.entrance, from);
      this.#dispatch({ type: 'entered', participant });
      if (this.state !== 'inRoom') {
        // The socket closed in the very turn in which the join succeeded.
        void participant.leave('lost');
        throw GatewayError.socketClosed();
      }
      this.#timer[Symbol.dispose]();
      return response;
    } catch (error) {
      this.#dispatch({ type: 'enterFailed' });
      throw error;
    }
  }

  #participant(method: string): GatewayParticipant {
    if (this.#state.kind !== 'inRoom') throw GatewayError.notJoined(method);
    return this.#state.participant;
  }

  /** Fails, after a delay, when the client exceeds its rate. */
  async #spend(cost: RateCost, name: string): Promise<void> {
    const { clock, rates } = this.#deps;
    try {
      this.#rates ??= new RateLimits(rates);
      this.#rates.spend(cost, name, clock.monotonicMs());
    } catch (error) {
      await clock.sleep(RATE_LIMIT_DELAY_MS);
      throw error;
    }
  }

  /** Continues with what had to wait for the answer of the join or the resume. */
  #handleEnterAnswered(): void {
    const state = this.#state;
    if (state.kind === 'closed' && state.reason === 'join-timeout') this.#closeUnjoined();
    if (state.kind === 'inRoom') state.participant.start();
  }

  #handleJoinDeadline(): void {
    this.#dispatch({ type: 'joinDeadline' });
    if (this.#state.kind === 'closed') this.#closeUnjoined();
  }

  #closeUnjoined(): void {
    this.#closeWith(GatewayError.joinTimeout());
  }

  #closeWith({ code, message }: SkeinError): void {
    const { webSocket } = errorStatus[code];
    this.socket.send(encodeEvent({ type: 'error', data: { code, message } }));
    this.socket.close(webSocket === 'none' ? closeCodes.normal : webSocket, code);
  }

  /** Resolves when the node of the client's session, if there is one, has been notified once. */
  #end(reason: string, departure: Departure): Promise<void> {
    const state = this.#state;
    this.#dispatch({ type: 'closed', reason });
    if (state.kind === 'entering') state.abort.abort(GatewayError.socketClosed());
    return state.kind === 'inRoom' ? state.participant.leave(departure) : Promise.resolve();
  }

  #dispatch(event: ConnectionEvent): void {
    const from = this.#state;
    this.#state = stepConnection(from, event);
    if (from.kind === this.#state.kind) return;
    const reason = 'reason' in event ? event.reason : event.type;
    this.#deps.log.debug(
      { ...this.#logFields(), from: from.kind, to: this.#state.kind, reason },
      'connection state changed',
    );
  }

  #logFields(): Record<string, string> {
    return this.#state.kind === 'inRoom' ? logFields(this.#state.participant.session) : {};
  }
}

function withRequestSpan(method: string, run: () => unknown): Promise<unknown> {
  return withSpan(`signal ${method}`, {}, run, 'server');
}
