import type { SessionEndReason } from '@skein/protocol';
import type { OpenedSession } from '../media-sessions/session-opener.ts';
import type { Departure, SessionHandle } from '../media-sessions/session.ts';
import type { MediaRebuild } from './media-losses.ts';

/**
 * A participant from its join to its end, over all the sessions that carry it.
 * `settled`: its client uses `session`.
 * `switching`: `session` works, and a migration is opening another one, for `reason`.
 * `handingOver`: the client takes up `session`, and `leaving` still runs until it has.
 * `recovering`: `session` is lost, and a migration is opening another one, for `reason`, as `rebuild` says.
 * `over`: the cluster ended the participant, for `reason`; its client is still connected.
 * `ended`: the client is gone, or another gateway has it.
 */
export type ParticipantState =
  | { readonly kind: 'settled'; readonly session: SessionHandle }
  | { readonly kind: 'switching'; readonly session: SessionHandle; readonly reason: string }
  | {
      readonly kind: 'handingOver';
      readonly session: SessionHandle;
      readonly leaving: SessionHandle;
      /** Why `session` has to move too, if that was requested meanwhile. */
      readonly next: string | undefined;
    }
  | {
      readonly kind: 'recovering';
      readonly session: SessionHandle;
      readonly reason: string;
      readonly rebuild: MediaRebuild | undefined;
    }
  | { readonly kind: 'over'; readonly session: SessionHandle; readonly reason: SessionEndReason }
  | { readonly kind: 'ended'; readonly session: SessionHandle };

/** `switch`: make before break. `rebuild`: the earlier session is lost. */
export type MigrationMode = 'switch' | 'rebuild';

/**
 * `notBegun`: nothing was placed, all is as before. `givenUp`: the participant was placed, or had no session to begin
 * with, and no node took it. `superseded`: another join or gateway has placed it since.
 */
export type MigrationFailure = 'notBegun' | 'givenUp' | 'superseded';

export type ParticipantEvent =
  | { readonly type: 'moveRequested'; readonly sessionId: string; readonly reason: string }
  | {
      readonly type: 'sessionLost';
      readonly sessionId: string;
      readonly reason: string;
      /** How to open the next session, when the client's path to its media was lost. */
      readonly rebuild?: MediaRebuild;
    }
  | { readonly type: 'sessionEnded'; readonly sessionId: string; readonly reason: SessionEndReason }
  | { readonly type: 'moved'; readonly opened: OpenedSession }
  | { readonly type: 'moveFailed'; readonly failure: MigrationFailure }
  /** The client has taken up the session of `epoch`, or its time for that is over. */
  | { readonly type: 'handedOver'; readonly epoch: number }
  | { readonly type: 'takenOver' }
  | { readonly type: 'clientGone'; readonly departure: Departure };

export type ParticipantCommand =
  | {
      readonly type: 'startMigration';
      readonly mode: MigrationMode;
      readonly from: SessionHandle;
      readonly reason: string;
      readonly rebuild: MediaRebuild | undefined;
    }
  /** The session was lost during a switch: the migration has to succeed now. */
  | { readonly type: 'expediteMigration' }
  | { readonly type: 'cancelMigration'; readonly departure: Departure }
  | {
      readonly type: 'notifyMoved';
      readonly mode: MigrationMode;
      readonly reason: string;
      readonly opened: OpenedSession;
    }
  | { readonly type: 'notifyClosed'; readonly reason: SessionEndReason }
  /** The session is gone, or another gateway's: its events are no longer for this client. */
  | { readonly type: 'unsubscribe'; readonly session: SessionHandle }
  /** The participant has another session: the node may close this one. */
  | { readonly type: 'closeMoved'; readonly session: SessionHandle }
  | { readonly type: 'depart'; readonly session: SessionHandle; readonly departure: Departure }
  | { readonly type: 'leaveRoom' };

export interface ParticipantStep {
  readonly state: ParticipantState;
  readonly commands: readonly ParticipantCommand[];
}

/** The state after `event` and the commands to execute, in order; the same state when the event has no meaning in it. Pure. */
export function stepParticipant(state: ParticipantState, event: ParticipantEvent): ParticipantStep {
  if (state.kind === 'ended') return unchanged(state);
  if (event.type === 'clientGone') return end(state, event.departure);
  if (state.kind === 'over') return unchanged(state);
  switch (event.type) {
    case 'moveRequested':
      return requestMove(state, event.sessionId, event.reason);
    case 'sessionLost':
      return loseSession(state, event.sessionId, event.reason, event.rebuild);
    case 'sessionEnded':
      if (isLeaving(state, event.sessionId)) return finishHandOver(state, 'unsubscribe');
      if (event.sessionId !== state.session.ref.sessionId) return unchanged(state);
      return interrupt(finish(state, event.reason), state, 'closed');
    case 'moved':
      return takeUp(state, event.opened);
    case 'moveFailed':
      return failMove(state, event.failure);
    case 'handedOver':
      if (state.kind !== 'handingOver' || state.session.ref.epoch !== event.epoch) return unchanged(state);
      return finishHandOver(state, 'closeMoved');
    case 'takenOver':
      return interrupt(
        {
          state: { kind: 'ended', session: state.session },
          commands: [...drop(state), { type: 'leaveRoom' }],
        },
        state,
        'lost',
      );
  }
}

type Alive = Exclude<ParticipantState, { kind: 'over' | 'ended' }>;

function unchanged(state: ParticipantState): ParticipantStep {
  return { state, commands: [] };
}

function isLeaving(state: Alive, sessionId: string): boolean {
  return state.kind === 'handingOver' && state.leaving.ref.sessionId === sessionId;
}

function requestMove(state: Alive, sessionId: string, reason: string): ParticipantStep {
  if (sessionId !== state.session.ref.sessionId) return unchanged(state);
  if (state.kind === 'handingOver') return unchanged({ ...state, next: reason });
  return state.kind === 'settled' ? startSwitch(state.session, reason) : unchanged(state);
}

function startSwitch(session: SessionHandle, reason: string): ParticipantStep {
  return {
    state: { kind: 'switching', session, reason },
    commands: [{ type: 'startMigration', mode: 'switch', from: session, reason, rebuild: undefined }],
  };
}

function loseSession(
  state: Alive,
  sessionId: string,
  reason: string,
  rebuild: MediaRebuild | undefined,
): ParticipantStep {
  if (isLeaving(state, sessionId)) return finishHandOver(state, 'unsubscribe');
  const { session } = state;
  if (sessionId !== session.ref.sessionId || state.kind === 'recovering') return unchanged(state);
  const migration: ParticipantCommand =
    state.kind === 'switching'
      ? { type: 'expediteMigration' }
      : { type: 'startMigration', mode: 'rebuild', from: session, reason, rebuild };
  return {
    state: { kind: 'recovering', session, reason, rebuild },
    commands: [...drop(state), migration],
  };
}

function takeUp(state: Alive, opened: OpenedSession): ParticipantStep {
  const { session } = opened;
  switch (state.kind) {
    case 'switching':
      return {
        state: { kind: 'handingOver', session, leaving: state.session, next: undefined },
        commands: [{ type: 'notifyMoved', mode: 'switch', reason: state.reason, opened }],
      };
    case 'recovering':
      return {
        state: { kind: 'settled', session },
        commands: [{ type: 'notifyMoved', mode: 'rebuild', reason: state.reason, opened }],
      };
    case 'settled':
    case 'handingOver':
      return unchanged(state);
  }
}

function failMove(state: Alive, failure: MigrationFailure): ParticipantStep {
  if (state.kind !== 'switching' && state.kind !== 'recovering') return unchanged(state);
  const { session } = state;
  if (failure !== 'notBegun') {
    const isWorkerLoss = state.kind === 'recovering' && state.reason === 'worker-died';
    const lostReason = isWorkerLoss ? 'worker-died' : 'node-stopped';
    return finish(state, failure === 'superseded' ? 'superseded' : lostReason);
  }
  if (state.kind === 'switching') return unchanged({ kind: 'settled', session });
  const { reason, rebuild } = state;
  return { state, commands: [{ type: 'startMigration', mode: 'rebuild', from: session, reason, rebuild }] };
}

/** The earlier session of a switch is no longer needed, or no longer there. */
function finishHandOver(state: Alive, command: 'unsubscribe' | 'closeMoved'): ParticipantStep {
  if (state.kind !== 'handingOver') return unchanged(state);
  const { session, leaving, next } = state;
  const release: ParticipantCommand = { type: command, session: leaving };
  if (next === undefined) return { state: { kind: 'settled', session }, commands: [release] };
  const step = startSwitch(session, next);
  return { ...step, commands: [release, ...step.commands] };
}

/** The cluster ends the participant. */
function finish(state: Alive, reason: SessionEndReason): ParticipantStep {
  return {
    state: { kind: 'over', session: state.session, reason },
    commands: [...drop(state), { type: 'leaveRoom' }, { type: 'notifyClosed', reason }],
  };
}

/** The client is gone. */
function end(state: Exclude<ParticipantState, { kind: 'ended' }>, departure: Departure): ParticipantStep {
  const ended: ParticipantState = { kind: 'ended', session: state.session };
  if (state.kind === 'over') return unchanged(ended);
  const commands: ParticipantCommand[] = [
    { type: 'depart', session: state.session, departure },
    ...dropLeaving(state),
    { type: 'leaveRoom' },
  ];
  return interrupt({ state: ended, commands }, state, departure);
}

/** The same step, which also cancels a migration under way. */
function interrupt(
  { state, commands }: ParticipantStep,
  before: Alive,
  departure: Departure,
): ParticipantStep {
  const isMigrating = before.kind === 'switching' || before.kind === 'recovering';
  return { state, commands: isMigrating ? [{ type: 'cancelMigration', departure }, ...commands] : commands };
}

function drop(state: Alive): ParticipantCommand[] {
  return state.kind === 'recovering'
    ? []
    : [{ type: 'unsubscribe', session: state.session }, ...dropLeaving(state)];
}

function dropLeaving(state: Alive): ParticipantCommand[] {
  return state.kind === 'handingOver' ? [{ type: 'closeMoved', session: state.leaving }] : [];
}
