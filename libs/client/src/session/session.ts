import type { ClientEvent, ClientResponse, ReadySubscription, RoomSnapshot } from '@skein/protocol';
import { Emitter } from '@skein/runtime/emitter';
import { SkeinClientError } from '../errors/client-error.ts';
import type { MediaLink } from '../media/engine.ts';
import type { GatewayEvent } from '../signaling/frames.ts';
import type { HandshakeResult, ResumeResult } from '../signaling/handshake.ts';
import { Signaling } from '../signaling/signaling.ts';
import type { ConnectionState } from './connection-state.ts';
import { MediaLinks, type SessionMedia } from './media-links.ts';
import type { SessionDeps, SessionOptions } from './session-options.ts';
import {
  connectionOf,
  initialState,
  stepSession,
  type SessionCommand,
  type SessionHandle,
  type SessionInput,
  type SessionState,
} from './session-state.ts';
import { Sockets } from './sockets.ts';

export interface SessionEvents {
  /** An event of the gateway about the room or its subscriptions. */
  gateway: GatewayEvent;
  /** Signaling was resumed over another socket: the changes of the room in between. */
  resumed: Pick<ResumeResult, 'state' | 'viewers'>;
  /** The client joined again: the current state of the room. Follows `link`. */
  joined: { readonly room: RoomSnapshot };
  /** Another link carries media from now on. Older links keep running until `linkClosed`. */
  link: { readonly link: MediaLink; readonly subscriptions: readonly ReadySubscription[] };
  linkClosed: { readonly link: MediaLink };
  changed: { readonly connection: ConnectionState; readonly previous: ConnectionState };
  /** `handle` is another one: a migration, a new session, or a new resume token. */
  handleChanged: { readonly handle: SessionHandle };
  failed: { readonly error: SkeinClientError };
}

type Offer = SessionMedia & { readonly subscriptions: readonly ReadySubscription[] };

const LEAVE_DEADLINE_MS = 2000;

/** A client's session over changing sockets, nodes and links. Dispatches inputs to `stepSession` and executes its commands. */
export class Session {
  readonly events = new Emitter<SessionEvents>();
  readonly signaling: Signaling;
  readonly #deps: SessionDeps;
  readonly #options: SessionOptions;
  readonly #links: MediaLinks;
  readonly #sockets: Sockets;
  readonly #closing = new AbortController();
  /** Media of the newest session. */
  #offer: Offer;
  #handle: SessionHandle;
  #state: SessionState;
  /** Inputs that commands caused while another input is dispatched. */
  readonly #inputs: SessionInput[] = [];
  #dispatching = false;

  constructor(deps: SessionDeps, options: SessionOptions, joined: HandshakeResult<ClientResponse<'join'>>) {
    this.#deps = deps;
    this.#options = options;
    this.#offer = joined.answer;
    this.#handle = handleOf(joined.answer);
    this.#state = initialState(this.#handle);
    this.signaling = new Signaling(deps.clock, joined.connection);
    this.#links = this.#makeLinks();
    this.#sockets = this.#makeSockets(joined);
  }

  /** Call it once `events` has its listeners. Events that the gateway sent before wait for `replayEarly`. */
  start(): void {
    this.#sockets.use(0);
    this.#openLink(0);
  }

  replayEarly(): void {
    this.#sockets.ifUsed(0, () => undefined);
  }

  /** Leaves the room, which closes as `media-failed` with `error`. */
  fail(error: SkeinClientError): void {
    this.#dispatch({ type: 'mediaFailed', error });
  }

  get connection(): ConnectionState {
    return connectionOf(this.#state);
  }

  /** The current session; the last one when the room has closed. */
  get handle(): SessionHandle {
    return this.#handle;
  }

  /** Aborted when the room closes. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  /** The known signaling addresses, the one last in use first. */
  get gateways(): readonly string[] {
    return this.#sockets.gateways;
  }

  get roundTripMs(): number | undefined {
    return this.#sockets.roundTripMs;
  }

  /** Leaves the room. Waits at most two seconds for the gateway. Never fails. */
  async leave(): Promise<void> {
    if (this.#state.kind === 'live' && this.#state.signaling.kind === 'connected') await this.#requestLeave();
    this.#dispatch({ type: 'left' });
  }

  #makeLinks(): MediaLinks {
    const { engine, clock } = this.#deps;
    return new MediaLinks({
      engine,
      clock,
      signaling: this.signaling,
      closing: this.#closing.signal,
      isPublishing: () => this.#deps.isPublishing(),
      isSettledOn: (link) => this.#deps.isSettledOn(link),
      tookOver: (link) => this.#dispatch({ type: 'linkTookOver', link }),
      drained: (link) => this.#dispatch({ type: 'linkDrained', link }),
      interrupted: (link, interrupted) => this.#dispatch({ type: 'interrupted', link, interrupted }),
      failed: (error) => this.events.emit('failed', { error }),
    });
  }

  #makeSockets(first: HandshakeResult<ClientResponse<'join'>>): Sockets {
    const { clock, random, handshake } = this.#deps;
    const { identity } = first.answer;
    const deps: ConstructorParameters<typeof Sockets>[0] = {
      clock,
      random,
      handshake,
      resumeParams: () => ({ ...this.#handle, identity, version: this.#deps.roomVersion() }),
      event: (event) => this.#handleEvent(event),
      lost: (socket) => this.#dispatch({ type: 'socketLost', socket, nowMs: clock.monotonicMs() }),
      failed: (socket, epoch, error) =>
        this.#dispatch({ type: 'attemptFailed', socket, epoch, error, nowMs: clock.monotonicMs() }),
      resumed: (socket, { resumeToken, state, viewers }) => {
        this.#dispatch({ type: 'resumed', socket, resumeToken });
        this.#sockets.ifUsed(socket, () => this.events.emit('resumed', { state, viewers }));
      },
      joined: (socket, answer) => {
        this.#offer = answer;
        this.#dispatch({ type: 'joined', socket, handle: handleOf(answer) });
        this.#sockets.ifUsed(socket, () => this.events.emit('joined', { room: answer.room }));
      },
    };
    return new Sockets(deps, this.#options, first);
  }

  #handleEvent(event: GatewayEvent): void {
    switch (event.event) {
      case 'sessionMoved':
        return this.#handleMigrated(event.data);
      case 'moveOver':
        return this.#dispatch({ type: 'handoverRequested', withinMs: event.data.withinMs });
      case 'sessionClosed': {
        const { reason } = event.data;
        const nowMs = this.#deps.clock.monotonicMs();
        this.events.emit('gateway', event);
        return this.#dispatch({ type: 'sessionEnded', reason, nowMs });
      }
      default:
        return this.events.emit('gateway', event);
    }
  }

  #handleMigrated(data: ClientEvent<'sessionMoved'>): void {
    if (this.#state.kind === 'closed' || data.epoch <= this.#state.handle.epoch) return;
    this.#offer = data;
    this.#dispatch({ type: 'migrated', mode: data.mode, handle: handleOf(data) });
  }

  #dispatch(input: SessionInput): void {
    this.#inputs.push(input);
    if (this.#dispatching) return;
    this.#dispatching = true;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) this.#apply(next);
    this.#dispatching = false;
  }

  #apply(input: SessionInput): void {
    const previous = connectionOf(this.#state);
    const { state, commands } = stepSession(this.#state, input, this.#options.reconnectDeadlineMs);
    this.#state = state;
    if (state.kind === 'live') this.#setHandle(state.handle);
    for (const command of commands) this.#execute(command);
    const connection = connectionOf(state);
    if (!sameConnection(previous, connection)) this.events.emit('changed', { connection, previous });
  }

  #setHandle(handle: SessionHandle): void {
    if (handle === this.#handle) return;
    this.#handle = handle;
    this.events.emit('handleChanged', { handle });
  }

  #execute(command: SessionCommand): void {
    switch (command.type) {
      case 'attempt':
        return this.#sockets.attempt(command);
      case 'expediteAttempt':
        return this.#sockets.expedite(command.socket);
      case 'useSocket':
        return this.signaling.use(this.#sockets.use(command.socket));
      case 'holdRequests':
        return this.signaling.hold();
      case 'closeSocket':
        return this.#sockets.close(command.socket);
      case 'openLink':
        this.#links.supersede(command.replaces, command.dead);
        if (this.#openLink(command.link)) void this.#links.awaitTakeover(command.link);
        return;
      case 'drainLink':
        return this.#links.drain(command.link);
      case 'closeLink':
        return this.#closeLink(command.link);
      case 'finishMigration':
        // Repeated over the next socket if this one is lost. Without it, the node closes the old session after its deadline.
        return void this.signaling.request('finishMove', { epoch: command.epoch }).catch(() => undefined);
      case 'leave':
        return void this.#requestLeave();
      case 'shutDown':
        return this.#shutDown();
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

  #shutDown(): void {
    this.#closing.abort(SkeinClientError.roomClosed());
    this.signaling.close();
    this.#sockets.closeAll();
    this.#links.closeAll();
  }
}

function handleOf({ sessionId, epoch, nodeId, resumeToken }: SessionHandle): SessionHandle {
  return { sessionId, epoch, nodeId, resumeToken };
}

// A switch to another node is not a visible change.
function sameConnection(one: ConnectionState, other: ConnectionState): boolean {
  if (one.state !== 'reconnecting' || other.state !== 'reconnecting') return one.state === other.state;
  return one.reason === other.reason;
}
