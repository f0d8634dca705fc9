import type { ClientEvent, ReadySubscription, RoomSnapshot } from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import type { ConnectionState } from './connection-state.ts';
import type { Resumed } from '../signaling/handshake.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import { Signaling } from '../signaling/signaling.ts';
import type { SessionOptions } from './session-options.ts';
import { MediaLinks, type SessionMedia } from './media-links.ts';
import { connectionOf, startOf, transition, type Held } from './session-state.ts';
import type { SessionCommand, SessionInput, SessionState } from './session-state.ts';
import { Sockets } from './sockets.ts';

export interface SessionEvents {
  /** What the gateway tells of the room and of subscriptions. */
  gateway: GatewayEvent;
  /** Signaling is back over another socket: what the room did meanwhile. */
  resumed: Pick<Resumed, 'state' | 'viewers'>;
  /** The session was made anew: the room as it is now. Follows `link`. */
  joined: { readonly room: RoomSnapshot };
  /** Media goes over `link` from now on, beside the links before it. */
  link: { readonly link: MediaLink; readonly subscriptions: readonly ReadySubscription[] };
  linkClosed: { readonly link: MediaLink };
  changed: { readonly connection: ConnectionState; readonly previous: ConnectionState };
  failed: { readonly error: SkeinClientError };
}

/** What a session asks of the room that it carries. */
export interface SessionPorts {
  /** The version of the room that is held. */
  version(): number;
  /** Whether anything is published. */
  sending(): boolean;
  /** Whether `link` carries all that is published, and all that was received before. */
  carriedBy(link: MediaLink): boolean;
}

type Offer = SessionMedia & { readonly subscriptions: readonly ReadySubscription[] };

const LEAVE_DEADLINE_MS = 2000;

/**
 * A client's life in a room over changing sockets, nodes and links: tells `transition` what happens and carries out what
 * it decides.
 */
export class Session {
  readonly events = new Emitter<SessionEvents>();
  readonly signaling: Signaling;
  readonly #options: SessionOptions;
  readonly #links: MediaLinks;
  readonly #sockets: Sockets;
  readonly #closing = new AbortController();
  /** Media of the session that is being taken up. */
  #offer: Offer;
  #held: Held;
  #state: SessionState;
  /** Inputs that a command gave rise to, until the one at hand is dealt with. */
  readonly #inputs: SessionInput[] = [];
  #handling = false;

  constructor(options: SessionOptions, ports: SessionPorts) {
    const { environment, entered } = options;
    const { clock, engine } = environment;
    this.#options = options;
    this.#offer = entered.answer;
    this.#held = entered.answer;
    this.#state = startOf(heldOf(entered.answer));
    this.signaling = new Signaling(clock, entered.connection);
    this.#links = new MediaLinks({
      engine,
      clock,
      signaling: this.signaling,
      closing: this.#closing.signal,
      sending: () => ports.sending(),
      carriedBy: (link) => ports.carriedBy(link),
      settled: (link) => this.#handle({ type: 'settled', link }),
      done: (link) => this.#handle({ type: 'linkDone', link }),
      interrupted: (link, interrupted) => this.#handle({ type: 'interrupted', link, interrupted }),
      failed: (error) => this.events.emit('failed', { error }),
    });
    this.#sockets = new Sockets(options, {
      resumption: () => ({ ...this.#held, identity: entered.answer.identity, version: ports.version() }),
      event: (event) => this.#handleEvent(event),
      lost: (socket) => this.#handle({ type: 'socketLost', socket, nowMs: clock.monotonicMs() }),
      refused: (socket, epoch, error) =>
        this.#handle({ type: 'refused', socket, epoch, error, nowMs: clock.monotonicMs() }),
      resumed: (socket, { resumeToken, state, viewers }) => {
        this.#handle({ type: 'resumed', socket, resumeToken });
        this.#sockets.ifUsed(socket, () => this.events.emit('resumed', { state, viewers }));
      },
      joined: (socket, answer) => {
        this.#offer = answer;
        this.#handle({ type: 'joined', socket, held: heldOf(answer) });
        this.#sockets.ifUsed(socket, () => this.events.emit('joined', { room: answer.room }));
      },
    });
  }

  /** Begins, once everything listens to `events`; what the gateway told before waits for `replayEarly`. */
  start(): void {
    this.#sockets.use(0);
    this.#openLink(0);
  }

  replayEarly(): void {
    this.#sockets.ifUsed(0, () => undefined);
  }

  /** Leaves the room, which closes as `media-failed` with `error`. */
  fail(error: SkeinClientError): void {
    this.#handle({ type: 'mediaFailed', error });
  }

  get connection(): ConnectionState {
    return connectionOf(this.#state);
  }

  /** The session that is held; the last one when the room is closed. */
  get held(): Held {
    return this.#held;
  }

  /** Aborted when the room closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** Signaling addresses of the gateways that are known, the last one in use first. */
  get gateways(): readonly string[] {
    return this.#sockets.gateways;
  }

  get roundTripMs(): number | undefined {
    return this.#sockets.roundTripMs;
  }

  /** Leaves the room: told to the gateway if there is one, waited for at most two seconds. Never fails. */
  async leave(): Promise<void> {
    if (this.#state.kind === 'live' && this.#state.line.kind === 'up') {
      await this.#requestLeave();
    }
    this.#handle({ type: 'left' });
  }

  #handleEvent(event: GatewayEvent): void {
    switch (event.event) {
      case 'sessionMoved':
        return this.#handleMoved(event.data);
      case 'moveOver':
        return this.#handle({ type: 'moveOver', withinMs: event.data.withinMs });
      case 'sessionClosed': {
        const { reason } = event.data;
        const nowMs = this.#options.environment.clock.monotonicMs();
        this.events.emit('gateway', event);
        return this.#handle({ type: 'ended', reason, nowMs });
      }
      default:
        return this.events.emit('gateway', event);
    }
  }

  #handleMoved(data: ClientEvent<'sessionMoved'>): void {
    if (this.#state.kind === 'closed' || data.epoch <= this.#state.held.epoch) return;
    this.#offer = data;
    this.#handle({ type: 'moved', mode: data.mode, held: heldOf(data) });
  }

  #handle(input: SessionInput): void {
    this.#inputs.push(input);
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#step(next);
    this.#handling = false;
  }

  #step(input: SessionInput): void {
    const previous = connectionOf(this.#state);
    const { state, commands } = transition(this.#state, input, this.#options.reconnectDeadlineMs);
    this.#state = state;
    if (state.kind === 'live') this.#held = state.held;
    for (const command of commands) this.#execute(command);
    const connection = connectionOf(state);
    if (!sameConnection(previous, connection)) this.events.emit('changed', { connection, previous });
  }

  #execute(command: SessionCommand): void {
    switch (command.type) {
      case 'enter':
        return this.#sockets.enter(command);
      case 'hurry':
        return this.#sockets.hurry(command.socket);
      case 'useSocket':
        return this.signaling.use(this.#sockets.use(command.socket));
      case 'holdRequests':
        return this.signaling.hold();
      case 'closeSocket':
        return this.#sockets.close(command.socket);
      case 'openLink':
        this.#links.leave(command.beside, command.dead);
        if (this.#openLink(command.link)) void this.#links.watch(command.link);
        return;
      case 'lingerLink':
        return this.#links.linger(command.link);
      case 'closeLink':
        return this.#closeLink(command.link);
      case 'finishMove':
        // Repeated over the next socket if this one is lost; the node lets go by itself in the end.
        return void this.signaling.request('finishMove', { epoch: command.epoch }).catch(() => undefined);
      case 'leave':
        return void this.#requestLeave();
      case 'end':
        return this.#end();
    }
  }

  /** False when the browser refused, such as a peer connection beyond its limit, or an ICE server. */
  #openLink(number: number): boolean {
    try {
      const link = this.#links.open(number, this.#offer);
      this.events.emit('link', { link, subscriptions: this.#offer.subscriptions });
      return true;
    } catch (thrown) {
      this.fail(SkeinClientError.from(thrown));
      return false;
    }
  }

  async #requestLeave(): Promise<void> {
    await this.signaling.request('leave', {}, { deadlineMs: LEAVE_DEADLINE_MS }).catch(() => undefined);
  }

  #closeLink(number: number): void {
    const link = this.#links.close(number);
    if (link) this.events.emit('linkClosed', { link });
  }

  #end(): void {
    this.#closing.abort(SkeinClientError.roomClosed());
    this.signaling.close();
    this.#sockets.closeAll();
    this.#links.closeAll();
  }
}

function heldOf({ sessionId, epoch, nodeId, resumeToken }: Held): Held {
  return { sessionId, epoch, nodeId, resumeToken };
}

// A switch to another node is no change to show.
function sameConnection(one: ConnectionState, other: ConnectionState): boolean {
  if (one.state !== 'reconnecting' || other.state !== 'reconnecting') return one.state === other.state;
  return one.reason === other.reason;
}
