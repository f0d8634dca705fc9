import type { SessionEndReason } from '@skein/protocol';
import type { HeldSession } from '../media-sessions/session.ts';

/**
 * What a client's stay in a room is doing, from its join to its end, over all the sessions that carry it.
 * `switching`: another session is asked for while the present one works. `handingOver`: the client takes the new one up,
 * the earlier one runs on. `recovering`: the session is lost, another one is asked for. `over`: the cluster ended it; the
 * client is still there. `ended`: the client is gone, or another gateway has it.
 */
export type StayState =
  | { readonly phase: 'settled'; readonly session: HeldSession }
  | { readonly phase: 'switching'; readonly session: HeldSession }
  | {
      readonly phase: 'handingOver';
      readonly session: HeldSession;
      readonly leaving: HeldSession;
      /** Why the new session is to move on, when that was asked for already. */
      readonly next: string | undefined;
    }
  | { readonly phase: 'recovering'; readonly session: HeldSession; readonly reason: string }
  | { readonly phase: 'over'; readonly session: HeldSession; readonly reason: SessionEndReason }
  | { readonly phase: 'ended'; readonly session: HeldSession };

/** How a client went: it said so, its page closed the socket, or the socket was lost and may come back. */
export type Departure = 'left' | 'closed' | 'lost';

export type MoveMode = 'switch' | 'rebuild';

/**
 * `notBegun`: nothing was placed, all is as before. `givenUp`: the participant was placed, or had no session to begin
 * with, and no node took it. `superseded`: somebody else has placed it since.
 */
export type MoveFailure = 'notBegun' | 'givenUp' | 'superseded';

export type StayEvent =
  | { readonly type: 'moveRequested'; readonly sessionId: string; readonly reason: string }
  | { readonly type: 'sessionLost'; readonly sessionId: string; readonly reason: string }
  | { readonly type: 'sessionEnded'; readonly sessionId: string; readonly reason: SessionEndReason }
  | { readonly type: 'moved'; readonly session: HeldSession }
  | { readonly type: 'moveFailed'; readonly outcome: MoveFailure }
  /** The client has taken up the session of `epoch`, or its time for that is over. */
  | { readonly type: 'handedOver'; readonly epoch: number }
  | { readonly type: 'takenOver' }
  | { readonly type: 'clientGone'; readonly how: Departure };

export type StayCommand =
  | {
      readonly do: 'startMove';
      readonly mode: MoveMode;
      readonly from: HeldSession;
      readonly reason: string;
    }
  /** The present session was lost while another one was asked for: now it has to be had. */
  | { readonly do: 'hurryMove'; readonly reason: string }
  | { readonly do: 'cancelMove'; readonly how: Departure }
  | { readonly do: 'tellMoved'; readonly mode: MoveMode; readonly session: HeldSession }
  | { readonly do: 'tellClosed'; readonly reason: SessionEndReason }
  /** The session is not there any more, or not ours: nothing of it is listened to. */
  | { readonly do: 'forget'; readonly session: HeldSession }
  /** Its participant is elsewhere: the node may let it go. */
  | { readonly do: 'closeMoved'; readonly session: HeldSession }
  | { readonly do: 'endSession'; readonly session: HeldSession; readonly how: Departure }
  | { readonly do: 'leaveAudience' };

export interface StayStep {
  readonly state: StayState;
  readonly commands: readonly StayCommand[];
}

/** The state after `event` and what is to be done, in order; the same object when the event means nothing here. Pure. */
export function stepStay(state: StayState, event: StayEvent): StayStep {
  if (state.phase === 'ended') return stay(state);
  if (event.type === 'clientGone') return end(state, event.how);
  if (state.phase === 'over') return stay(state);
  switch (event.type) {
    case 'moveRequested':
      return requestMove(state, event.sessionId, event.reason);
    case 'sessionLost':
      return loseSession(state, event.sessionId, event.reason);
    case 'sessionEnded':
      if (isLeaving(state, event.sessionId)) return letGo(state, 'forget');
      if (event.sessionId !== state.session.address.sessionId) return stay(state);
      return interrupt(finish(state, event.reason), state, 'closed');
    case 'moved':
      return takeUp(state, event.session);
    case 'moveFailed':
      return failMove(state, event.outcome);
    case 'handedOver':
      if (state.phase !== 'handingOver' || state.session.address.epoch !== event.epoch) return stay(state);
      return letGo(state, 'closeMoved');
    case 'takenOver':
      return interrupt(
        {
          state: { phase: 'ended', session: state.session },
          commands: [...drop(state), { do: 'leaveAudience' }],
        },
        state,
        'lost',
      );
  }
}

type Alive = Exclude<StayState, { phase: 'over' | 'ended' }>;

function stay(state: StayState): StayStep {
  return { state, commands: [] };
}

function isLeaving(state: Alive, sessionId: string): boolean {
  return state.phase === 'handingOver' && state.leaving.address.sessionId === sessionId;
}

function requestMove(state: Alive, sessionId: string, reason: string): StayStep {
  if (sessionId !== state.session.address.sessionId) return stay(state);
  if (state.phase === 'handingOver') return stay({ ...state, next: reason });
  return state.phase === 'settled' ? startSwitch(state.session, reason) : stay(state);
}

function startSwitch(session: HeldSession, reason: string): StayStep {
  return {
    state: { phase: 'switching', session },
    commands: [{ do: 'startMove', mode: 'switch', from: session, reason }],
  };
}

function loseSession(state: Alive, sessionId: string, reason: string): StayStep {
  if (isLeaving(state, sessionId)) return letGo(state, 'forget');
  const { session } = state;
  if (sessionId !== session.address.sessionId || state.phase === 'recovering') return stay(state);
  const move: StayCommand =
    state.phase === 'switching'
      ? { do: 'hurryMove', reason }
      : { do: 'startMove', mode: 'rebuild', from: session, reason };
  return { state: { phase: 'recovering', session, reason }, commands: [...drop(state), move] };
}

function takeUp(state: Alive, session: HeldSession): StayStep {
  switch (state.phase) {
    case 'switching':
      return {
        state: { phase: 'handingOver', session, leaving: state.session, next: undefined },
        commands: [{ do: 'tellMoved', mode: 'switch', session }],
      };
    case 'recovering':
      return {
        state: { phase: 'settled', session },
        commands: [{ do: 'tellMoved', mode: 'rebuild', session }],
      };
    case 'settled':
    case 'handingOver':
      return stay(state);
  }
}

function failMove(state: Alive, outcome: MoveFailure): StayStep {
  if (state.phase !== 'switching' && state.phase !== 'recovering') return stay(state);
  const { session } = state;
  if (outcome !== 'notBegun') {
    const lostReason =
      state.phase === 'recovering' && state.reason === 'worker-died' ? 'worker-died' : 'node-stopped';
    return finish(state, outcome === 'superseded' ? 'superseded' : lostReason);
  }
  if (state.phase === 'switching') return stay({ phase: 'settled', session });
  return { state, commands: [{ do: 'startMove', mode: 'rebuild', from: session, reason: state.reason }] };
}

/** The earlier session of a switch is no longer needed, or no longer there. */
function letGo(state: Alive, how: 'forget' | 'closeMoved'): StayStep {
  if (state.phase !== 'handingOver') return stay(state);
  const { session, leaving, next } = state;
  const gone: StayCommand = { do: how, session: leaving };
  if (next === undefined) return { state: { phase: 'settled', session }, commands: [gone] };
  const step = startSwitch(session, next);
  return { ...step, commands: [gone, ...step.commands] };
}

/** The cluster ends the stay. */
function finish(state: Alive, reason: SessionEndReason): StayStep {
  return {
    state: { phase: 'over', session: state.session, reason },
    commands: [...drop(state), { do: 'leaveAudience' }, { do: 'tellClosed', reason }],
  };
}

/** The client is gone. */
function end(state: Exclude<StayState, { phase: 'ended' }>, how: Departure): StayStep {
  const ended: StayState = { phase: 'ended', session: state.session };
  if (state.phase === 'over') return stay(ended);
  const commands: StayCommand[] = [
    { do: 'endSession', session: state.session, how },
    ...dropLeaving(state),
    { do: 'leaveAudience' },
  ];
  return interrupt({ state: ended, commands }, state, how);
}

/** The same step, with the move that runs called off. */
function interrupt({ state, commands }: StayStep, before: Alive, how: Departure): StayStep {
  const moving = before.phase === 'switching' || before.phase === 'recovering';
  return { state, commands: moving ? [{ do: 'cancelMove', how }, ...commands] : commands };
}

function drop(state: Alive): StayCommand[] {
  return state.phase === 'recovering'
    ? []
    : [{ do: 'forget', session: state.session }, ...dropLeaving(state)];
}

function dropLeaving(state: Alive): StayCommand[] {
  return state.phase === 'handingOver' ? [{ do: 'closeMoved', session: state.leaving }] : [];
}
