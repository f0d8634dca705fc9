import {
  checkPermission,
  type ClientResponse,
  type Participant,
  type SessionEndReason,
  sessionEndReasons,
  type SessionEvent,
  type SessionMethod,
  type SessionRef,
  type SessionRequest,
  type SessionResponse,
  SkeinError,
} from '@skein/protocol';
import type { Clock } from '@skein/runtime';
import type { Logger } from '@skein/telemetry';
import type { AdmittedClient } from '../media-sessions/admitted-client.ts';
import type { NodeClient } from '../media-sessions/node-client.ts';
import type { SessionCloser } from '../media-sessions/session-closer.ts';
import type { SessionListener } from '../media-sessions/session-events.ts';
import type { OpenedSession } from '../media-sessions/session-opener.ts';
import { logFields } from '../media-sessions/log-fields.ts';
import type { Departure, SessionHandle } from '../media-sessions/session.ts';
import type { RoomMembership, SessionWatcher } from '../rooms/membership.ts';
import { PageShelf } from '../rooms/page-shelf.ts';
import type { ClientPort } from './client-port.ts';
import type { GatewayParticipant } from './entrance.ts';
import { GatewayError } from './errors.ts';
import { MediaLosses } from './media-losses.ts';
import type { Migration, MigrationOutcome, Migrations } from './migration.ts';
import {
  type MigrationMode,
  type ParticipantCommand,
  type ParticipantEvent,
  type ParticipantState,
  stepParticipant,
} from './participant-state.ts';

export interface ParticipantDeps {
  readonly nodes: NodeClient;
  readonly closer: SessionCloser;
  readonly migrations: Migrations;
  readonly clock: Clock;
  readonly log: Logger;
}

export interface ParticipantOptions {
  readonly client: AdmittedClient;
  readonly membership: RoomMembership;
  readonly port: ClientPort;
  readonly session: SessionHandle;
}

/** How long the earlier session of a switch runs on for a client that does not call `finishMove`. */
export const HAND_OVER_DEADLINE_MS = 15_000;
/** How long a client has to publish its tracks again after a rebuild, before they are removed from the room. */
export const REPUBLISH_DEADLINE_MS = 10_000;

/** Client and node answer, but the media path between them is dead. */
const MEDIA_LOST = 'media-timeout' satisfies SessionEndReason;

/** Reasons of a leave after which the client gets another session. */
const LOSSES: ReadonlySet<string> = new Set([
  ...['worker-died', 'node-stopped', 'node-died', MEDIA_LOST],
  // The placement of a migration whose node did not open the session.
  'could not be opened',
]);

/** One client in a room, over all the sessions that carry it. Executes what `stepParticipant` decides. */
export class ParticipantSession implements GatewayParticipant, SessionListener, SessionWatcher {
  readonly #deps: ParticipantDeps;
  readonly #options: ParticipantOptions;
  /** Pages of the states that this client got in part. */
  readonly pages: PageShelf;
  #state: ParticipantState;
  /** Aborted when the current session is lost or over: requests to its node are abandoned. */
  #current = new AbortController();
  #migration: Migration | undefined;
  readonly #mediaLosses = new MediaLosses();
  #handOverTimer: Disposable | undefined;
  #departed: Promise<void> = Promise.resolve();

  constructor(options: ParticipantOptions, deps: ParticipantDeps) {
    this.#deps = deps;
    this.#options = options;
    this.pages = new PageShelf(deps.clock);
    this.#state = { kind: 'settled', session: options.session };
  }

  // GatewayParticipant

  get session(): SessionRef {
    return this.#state.session.ref;
  }

  start(): void {
    const { kind, session } = this.#state;
    if (kind !== 'ended') session.events.start(this);
  }

  check(): void {
    if (this.#state.kind === 'over' || this.#state.kind === 'ended') throw this.#error();
  }

  async request<Method extends SessionMethod>(
    method: Method,
    data: SessionRequest<Method>,
  ): Promise<SessionResponse<Method>> {
    const { session } = this.#state;
    this.check();
    checkPermission(this.#options.client.grants, method);
    const { epoch } = data as { readonly epoch?: number };
    if (epoch !== undefined && epoch !== session.ref.epoch) throw GatewayError.sessionReplaced();
    if (this.#state.kind === 'recovering') throw this.#error();
    try {
      return await this.#whileCurrent(this.#deps.nodes.request(session.ref, method, data));
    } catch (error) {
      if (SkeinError.from(error).code !== 'SESSION_NOT_FOUND') throw error;
      this.handleSessionLost(session.ref.sessionId, 'session-not-found');
      throw this.#error(error);
    }
  }

  async sync(version: number): Promise<ClientResponse<'sync'>> {
    return this.pages.bound(await this.#options.membership.catchUp(version));
  }

  roomPage(version: number, page: number): ClientResponse<'roomPage'> {
    const held = this.pages.page(version, page) ?? this.#options.membership.page(version, page);
    if (!held) throw GatewayError.pageNotHeld(version);
    return held;
  }

  finishMove(epoch: number): void {
    this.#dispatch({ type: 'handedOver', epoch });
  }

  leave(departure: Departure): Promise<void> {
    this.#dispatch({ type: 'clientGone', departure });
    return this.#departed;
  }

  // SessionListener

  handleSessionEvent(sessionId: string, message: SessionEvent): void {
    const { port } = this.#options;
    switch (message.event) {
      case 'subscriptionClosed':
        return port.notify({ type: message.event, data: message.data });
      case 'subscriptionLayersChanged':
        return port.notify({ type: message.event, data: message.data });
      case 'moveRequested':
        return this.#dispatch({ type: 'moveRequested', sessionId, reason: message.data.reason });
      case 'attached':
        return this.#handleAttached(sessionId, message.data.attachment);
      case 'sessionClosed': {
        const { reason } = message.data;
        if (LOSSES.has(reason)) return this.handleSessionLost(sessionId, reason);
        return this.#dispatch({ type: 'sessionEnded', sessionId, reason });
      }
    }
  }

  handleSessionLost(sessionId: string, reason: string): void {
    const isCurrent = hasSession(this.#state) && sessionId === this.session.sessionId;
    if (isCurrent && reason === MEDIA_LOST) return this.#handleMediaLost();
    this.#dispatch({ type: 'sessionLost', sessionId, reason });
  }

  // SessionWatcher

  owns({ sessionId }: Participant): boolean {
    return sessionId === this.session.sessionId || (this.#migration?.owns(sessionId) ?? false);
  }

  handleSuperseded(): void {
    this.#dispatch({ type: 'sessionEnded', sessionId: this.session.sessionId, reason: 'superseded' });
  }

  handleLeft(epoch: number, reason: string): void {
    const { sessionId } = this.session;
    if (!LOSSES.has(reason)) this.#dispatch({ type: 'sessionEnded', sessionId, reason: endReasonOf(reason) });
    // A migration detects the loss of a session that it has placed and not opened yet.
    else if (epoch <= this.session.epoch) this.handleSessionLost(sessionId, reason);
  }

  // Own parts

  /** Why no session takes requests. */
  #error(cause?: unknown): SkeinError {
    const state = this.#state;
    if (state.kind === 'over') return GatewayError.sessionOver(state.reason);
    return state.kind === 'ended' ? GatewayError.resumedElsewhere() : GatewayError.recovering(cause);
  }

  async #whileCurrent<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const { signal } = this.#current;
    let onGone: () => void = () => {};
    const gone = new Promise<never>((_, reject) => {
      onGone = () => reject(this.#error());
      signal.addEventListener('abort', onGone);
    });
    try {
      return await Promise.race([answer, gone]);
    } finally {
      signal.removeEventListener('abort', onGone);
    }
  }

  /** Moves the client to a node that it may reach; a bounded number of times. */
  #handleMediaLost(): void {
    const { clock, log, closer } = this.#deps;
    const ref = this.session;
    const { sessionId, nodeId } = ref;
    const next = this.#mediaLosses.add({ nodeId, atMs: clock.monotonicMs() });
    const facts = { ...logFields(ref), reason: MEDIA_LOST, losses: this.#mediaLosses.count };
    if (next.kind === 'rebuild') {
      log.info(
        { event: 'participant.media-lost', ...facts, afterMs: next.afterMs },
        'media path lost; moving the participant',
      );
      return this.#dispatch({ type: 'sessionLost', sessionId, reason: MEDIA_LOST, rebuild: next });
    }
    log.warn(facts, 'client reaches no node with its media');
    this.#dispatch({ type: 'sessionEnded', sessionId, reason: MEDIA_LOST });
    // Its node keeps it in the room, as it could have come back.
    void closer.close(ref, 'disconnected');
  }

  #handleAttached(sessionId: string, attachment: number): void {
    const { session } = this.#state;
    if (sessionId !== session.ref.sessionId || attachment <= session.attachment) return;
    this.#dispatch({ type: 'takenOver' });
  }

  #dispatch(event: ParticipantEvent): void {
    const from = this.#state;
    const { state, commands } = stepParticipant(from, event);
    this.#state = state;
    if (!hasSession(state) && hasSession(from)) this.#current.abort();
    if (hasSession(state) && !hasSession(from)) this.#current = new AbortController();
    if (from.kind !== state.kind) {
      const reason = 'reason' in event ? event.reason : event.type;
      const { log } = this.#deps;
      log.debug(
        { ...logFields(this.session), from: from.kind, to: state.kind, reason },
        'participant state changed',
      );
    }
    for (const command of commands) this.#execute(command);
  }

  #execute(command: ParticipantCommand): void {
    const { closer } = this.#deps;
    const { port, membership } = this.#options;
    switch (command.type) {
      case 'startMigration':
        return this.#startMigration(command);
      case 'expediteMigration':
        return this.#migration?.expedite();
      case 'cancelMigration':
        this.#migration?.cancel(command.departure);
        this.#migration = undefined;
        return;
      case 'notifyMoved':
        return this.#notifyMoved(command.mode, command.reason, command.opened);
      case 'notifyClosed':
        return port.notify({ type: 'sessionClosed', data: { reason: command.reason } });
      case 'unsubscribe':
        return command.session.events.close();
      case 'closeMoved':
        command.session.events.close();
        this.#handOverTimer?.[Symbol.dispose]();
        void closer.close(command.session.ref, 'moved');
        return;
      case 'depart':
        command.session.events.close();
        this.#departed = closer.depart(command.session, command.departure);
        return;
      case 'leaveRoom':
        this.#handOverTimer?.[Symbol.dispose]();
        this.pages.close();
        return membership.leave();
    }
  }

  #startMigration({
    mode,
    from,
    reason,
    rebuild,
  }: Extract<ParticipantCommand, { type: 'startMigration' }>): void {
    const { client, membership } = this.#options;
    const order = { mode, from, reason, rebuild, client, membership, watcher: this };
    const migration = this.#deps.migrations.start(order);
    this.#migration = migration;
    void migration.done.then((outcome) => {
      if (this.#migration === migration) this.#handleOutcome(outcome);
    });
  }

  #handleOutcome(outcome: MigrationOutcome): void {
    if (outcome.kind === 'cancelled') return;
    this.#migration = undefined;
    if (outcome.kind === 'moved') this.#dispatch({ type: 'moved', opened: outcome.opened });
    else this.#dispatch({ type: 'moveFailed', failure: outcome.kind });
  }

  #notifyMoved(mode: MigrationMode, reason: string, { session, setup }: OpenedSession): void {
    const deadlineMs = mode === 'switch' ? HAND_OVER_DEADLINE_MS : REPUBLISH_DEADLINE_MS;
    this.#options.port.notify({ type: 'sessionMoved', data: { ...setup, mode, reason, deadlineMs } });
    if (mode === 'switch') {
      const { epoch } = session.ref;
      const handOver = (): void => this.#dispatch({ type: 'handedOver', epoch });
      this.#handOverTimer = this.#deps.clock.after(HAND_OVER_DEADLINE_MS, handOver);
    }
    session.events.start(this);
  }
}

function hasSession({ kind }: ParticipantState): boolean {
  return kind === 'settled' || kind === 'switching' || kind === 'handingOver';
}

function endReasonOf(reason: string): SessionEndReason {
  return sessionEndReasons.find((known) => known === reason) ?? 'removed';
}
