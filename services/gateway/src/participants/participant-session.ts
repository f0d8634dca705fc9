import { checkPermission, sessionEndReasons, SkeinError } from '@skein/protocol';
import type {
  ClientResponse,
  Participant,
  SessionEndReason,
  SessionEvent,
  SessionMethod,
  SessionRef,
  SessionRequest,
  SessionResponse,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import { encodeEvent } from '../edges/websocket/messages.ts';
import { refusals } from './errors.ts';
import type { Socket } from '../edges/websocket/socket.ts';
import type { Move, MoveOutcome } from './migration.ts';
import type { Moves } from './moves.ts';
import { PageShelf } from '../rooms/page-shelf.ts';
import type { Membership, SessionWatcher } from '../rooms/rooms.ts';
import type { SessionEndings } from '../media-sessions/session-closer.ts';
import type { NodeSessions } from '../media-sessions/node-client.ts';
import { logged } from '../media-sessions/session.ts';
import type { ClientProfile, HeldSession, SessionMedia } from '../media-sessions/session.ts';
import type { SessionListener } from '../media-sessions/session-events.ts';
import { MediaLosses } from './media-losses.ts';
import type { MediaRebuild } from './media-losses.ts';
import { stepStay } from './participant-state.ts';
import type { Departure, MoveMode, StayCommand, StayEvent, StayState } from './participant-state.ts';

export interface StayDeps {
  readonly nodes: NodeSessions;
  readonly endings: SessionEndings;
  readonly moves: Moves;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface StayBeginning {
  readonly profile: ClientProfile;
  readonly membership: Membership;
  readonly socket: Socket;
  readonly session: HeldSession;
}

/** How long the earlier session of a switch runs on for a client that does not say `finishMove`. */
export const HAND_OVER_DEADLINE_MS = 15_000;
/** How long a client has to publish its tracks again after a rebuild, before they are taken out of the room. */
export const REPUBLISH_DEADLINE_MS = 10_000;

/** The session's node and its client are there, and no media comes through between them. */
const MEDIA_LOST = 'media-timeout' satisfies SessionEndReason;

/** Why participants leave a room whose clients are to have another session. */
const LOSSES: ReadonlySet<string> = new Set([
  ...['worker-died', 'node-stopped', 'node-died', MEDIA_LOST],
  // Said of a placement of a move whose node did not take the session.
  'could not be opened',
]);

/** One client in a room, over all the sessions that carry it. Carries out what `stepStay` decides. */
export class Stay implements SessionListener, SessionWatcher {
  readonly #deps: StayDeps;
  readonly #profile: ClientProfile;
  readonly #membership: Membership;
  readonly #socket: Socket;
  /** What this client has been told of in part. */
  readonly pages: PageShelf;
  #state: StayState;
  /** Aborted when the present session is there no more: nobody waits for what its node might answer. */
  #present = new AbortController();
  #move: Move | undefined;
  /** What the client is told of the session that was opened last. */
  #media: SessionMedia | undefined;
  #moveReason = '';
  readonly #mediaLosses = new MediaLosses();
  /** How the move that begins next is to go about it. */
  #mediaRebuild: MediaRebuild | undefined;
  #handOver: Disposable | undefined;
  #departed: Promise<void> = Promise.resolve();

  constructor({ profile, membership, socket, session }: StayBeginning, deps: StayDeps) {
    this.#deps = deps;
    this.pages = new PageShelf(deps.clock);
    this.#profile = profile;
    this.#membership = membership;
    this.#socket = socket;
    this.#state = { phase: 'settled', session };
  }

  get phase(): StayState['phase'] {
    return this.#state.phase;
  }

  /** The present session, or the last one. */
  get address(): SessionRef {
    return this.#state.session.address;
  }

  /** The client has been told of its session: from now on it hears what becomes of it. */
  start(): void {
    const { phase, session } = this.#state;
    if (phase !== 'ended') session.line.start(this);
  }

  /**
   * Asks the present session's node. Fails `STALE_EPOCH` when the request is for an earlier one, or the stay is over,
   * `PERMISSION_DENIED` when it lacks the grant; the node enforces the same table.
   */
  async ask<Method extends SessionMethod>(
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>> {
    const { session } = this.#state;
    this.check();
    checkPermission(this.#profile.grants, method);
    const { epoch } = data as { readonly epoch?: number };
    if (epoch !== undefined && epoch !== session.address.epoch) throw refusals.sessionReplaced();
    if (this.#state.phase === 'recovering') throw this.#refusal();
    try {
      return await this.#whilePresent(this.#deps.nodes.request(session.address, method, data));
    } catch (error) {
      if (SkeinError.from(error).code !== 'SESSION_NOT_FOUND') throw error;
      this.handleSessionLost(session.address.sessionId, 'session-not-found');
      throw this.#refusal(error);
    }
  }

  async sync(version: number): Promise<ClientResponse<'sync'>> {
    return this.pages.bound(await this.#membership.catchUp(version));
  }

  /** Fails `INVALID_ARGUMENT` when that page is not held. */
  roomPage(version: number, page: number): ClientResponse<'roomPage'> {
    const held = this.pages.page(version, page) ?? this.#membership.page(version, page);
    if (!held) throw refusals.pageNotHeld(version);
    return held;
  }

  /** Fails `STALE_EPOCH` when the stay is over. */
  check(): void {
    if (this.phase === 'over' || this.phase === 'ended') throw this.#refusal();
  }

  finishMove(epoch: number): void {
    this.#apply({ type: 'handedOver', epoch });
  }

  /** The client is gone. Resolves when its node has been told once. */
  end(how: Departure): Promise<void> {
    this.#apply({ type: 'clientGone', how });
    return this.#departed;
  }

  // SessionListener

  handleSessionEvent(sessionId: string, message: SessionEvent): void {
    switch (message.event) {
      case 'subscriptionClosed':
        return this.#socket.send(encodeEvent(message.event, message.data));
      case 'subscriptionLayersChanged':
        return this.#socket.send(encodeEvent(message.event, message.data));
      case 'moveRequested':
        return this.#apply({ type: 'moveRequested', sessionId, reason: message.data.reason });
      case 'attached':
        return this.#handleAttached(sessionId, message.data.attachment);
      case 'sessionClosed': {
        const { reason } = message.data;
        if (LOSSES.has(reason)) return this.handleSessionLost(sessionId, reason);
        return this.#apply({ type: 'sessionEnded', sessionId, reason });
      }
    }
  }

  handleSessionLost(sessionId: string, reason: string): void {
    const isPresent = hasSession(this.#state) && sessionId === this.address.sessionId;
    if (isPresent && reason === MEDIA_LOST) return this.#handleMediaLost();
    this.#apply({ type: 'sessionLost', sessionId, reason });
  }

  // SessionWatcher

  owns({ sessionId }: Participant): boolean {
    return sessionId === this.address.sessionId || (this.#move?.owns(sessionId) ?? false);
  }

  handleSuperseded(): void {
    this.#apply({ type: 'sessionEnded', sessionId: this.address.sessionId, reason: 'superseded' });
  }

  handleLeft(epoch: number, reason: string): void {
    const { sessionId } = this.address;
    if (!LOSSES.has(reason)) this.#apply({ type: 'sessionEnded', sessionId, reason: endReasonOf(reason) });
    // Of a session that a move has placed, and not opened yet, the move finds out by itself.
    else if (epoch <= this.address.epoch) this.handleSessionLost(sessionId, reason);
  }

  // Own parts

  /** Why there is no session to ask. */
  #refusal(cause?: unknown): SkeinError {
    const state = this.#state;
    if (state.phase === 'over') return refusals.sessionOver(state.reason);
    return state.phase === 'ended' ? refusals.resumedElsewhere() : refusals.recovering(cause);
  }

  async #whilePresent<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { signal } = this.#present;
    let onGone: () => void = () => {};
    const gone = new Promise<never>((_, reject) => {
      onGone = () => reject(this.#refusal());
      signal.addEventListener('abort', onGone);
    });
    try {
      return await Promise.race([answer, gone]);
    } finally {
      signal.removeEventListener('abort', onGone);
    }
  }

  /** Moves the client to a node that it may get through to; not for ever. */
  #handleMediaLost(): void {
    const { clock, log, endings } = this.#deps;
    const { address } = this;
    const { sessionId, nodeId } = address;
    const next = this.#mediaLosses.add({ nodeId, atMs: clock.monotonicMs() });
    const facts = { ...logged(address), reason: MEDIA_LOST, losses: this.#mediaLosses.count };
    if (next.do === 'rebuild') {
      log.info({ ...facts, afterMs: next.afterMs }, 'no media comes through to a client; it is to move');
      this.#mediaRebuild = next;
      return this.#apply({ type: 'sessionLost', sessionId, reason: MEDIA_LOST });
    }
    log.warn(facts, 'a client gets through to no node with its media');
    this.#apply({ type: 'sessionEnded', sessionId, reason: MEDIA_LOST });
    // Its node has left it in the room, for it could have come back.
    void endings.end(address, 'disconnected');
  }

  #handleAttached(sessionId: string, attachment: number): void {
    const { session } = this.#state;
    if (sessionId !== session.address.sessionId || attachment <= session.attachment) return;
    this.#apply({ type: 'takenOver' });
  }

  #apply(event: StayEvent): void {
    const from = this.#state;
    const { state, commands } = stepStay(from, event);
    this.#state = state;
    if (!hasSession(state) && hasSession(from)) this.#present.abort();
    if (hasSession(state) && !hasSession(from)) this.#present = new AbortController();
    if (from.phase !== state.phase) {
      const reason = 'reason' in event ? event.reason : event.type;
      const { log } = this.#deps;
      log.debug({ ...logged(this.address), from: from.phase, to: state.phase, reason }, 'stay');
    }
    for (const command of commands) this.#carryOut(command);
  }

  #carryOut(command: StayCommand): void {
    const { endings } = this.#deps;
    switch (command.do) {
      case 'startMove':
        return this.#startMove(command.mode, command.from, command.reason);
      case 'hurryMove':
        this.#moveReason = command.reason;
        return this.#move?.hurry();
      case 'cancelMove':
        this.#move?.cancel(command.how);
        this.#move = undefined;
        return;
      case 'tellMoved':
        return this.#tellMoved(command.mode, command.session);
      case 'tellClosed':
        return this.#socket.send(encodeEvent('sessionClosed', { reason: command.reason }));
      case 'forget':
        return command.session.line.close();
      case 'closeMoved':
        command.session.line.close();
        this.#handOver?.[Symbol.dispose]();
        void endings.end(command.session.address, 'moved');
        return;
      case 'endSession':
        command.session.line.close();
        this.#departed = endings.depart(command.session, command.how);
        return;
      case 'leaveAudience':
        this.#handOver?.[Symbol.dispose]();
        this.pages.close();
        return this.#membership.leave();
    }
  }

  #startMove(mode: MoveMode, from: HeldSession, reason: string): void {
    this.#moveReason = reason;
    const { afterMs, shunnedNodeIds } = this.#mediaRebuild ?? {};
    this.#mediaRebuild = undefined;
    const client = { profile: this.#profile, membership: this.#membership };
    const order = { mode, from, reason, afterMs, shunnedNodeIds, ...client };
    const move = this.#deps.moves.start({ ...order, watcher: this });
    this.#move = move;
    void move.done.then((outcome) => {
      if (this.#move === move) this.#handleMoveOutcome(outcome);
    });
  }

  #handleMoveOutcome(outcome: MoveOutcome): void {
    if (outcome.outcome === 'cancelled') return;
    this.#move = undefined;
    if (outcome.outcome !== 'moved') return this.#apply({ type: 'moveFailed', outcome: outcome.outcome });
    this.#media = outcome.media;
    this.#apply({ type: 'moved', session: outcome.session });
  }

  #tellMoved(mode: MoveMode, session: HeldSession): void {
    const media = this.#media;
    if (!media) return;
    this.#media = undefined;
    const deadlineMs = mode === 'switch' ? HAND_OVER_DEADLINE_MS : REPUBLISH_DEADLINE_MS;
    const reason = this.#moveReason;
    this.#socket.send(encodeEvent('sessionMoved', { ...media, mode, reason, deadlineMs }));
    if (mode === 'switch') {
      const { epoch } = session.address;
      const overdue = (): void => this.#apply({ type: 'handedOver', epoch });
      this.#handOver = this.#deps.clock.after(HAND_OVER_DEADLINE_MS, overdue);
    }
    session.line.start(this);
  }
}

function hasSession({ phase }: StayState): boolean {
  return phase === 'settled' || phase === 'switching' || phase === 'handingOver';
}

function endReasonOf(reason: string): SessionEndReason {
  return sessionEndReasons.find((known) => known === reason) ?? 'removed';
}
