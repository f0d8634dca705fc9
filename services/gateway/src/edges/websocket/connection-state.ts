import type { Stay } from '../../participants/participant-session.ts';

/**
 * What a connection is doing. `entering`: a join or a resume runs. `inRoom`: what becomes of its session is the stay's
 * own affair. `closed`: the socket is gone or going.
 */
export type ConnectionState =
  | { readonly phase: 'open' }
  | { readonly phase: 'entering'; readonly abort: AbortController; readonly late: boolean }
  | { readonly phase: 'inRoom'; readonly stay: Stay }
  | { readonly phase: 'closed'; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: 'enterStarted'; readonly abort: AbortController }
  | { readonly type: 'enterFailed' }
  | { readonly type: 'entered'; readonly stay: Stay }
  | { readonly type: 'joinDeadline' }
  | { readonly type: 'closed'; readonly reason: string };

/** The state after `event`; the same object when the event means nothing in this state. Pure. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.phase === 'closed') return state;
  switch (event.type) {
    case 'enterStarted':
      return state.phase === 'open' ? { phase: 'entering', abort: event.abort, late: false } : state;
    case 'enterFailed':
      if (state.phase !== 'entering') return state;
      return state.late ? { phase: 'closed', reason: 'join-timeout' } : { phase: 'open' };
    case 'entered':
      return state.phase === 'entering' ? { phase: 'inRoom', stay: event.stay } : state;
    case 'joinDeadline':
      // A join that runs has deadlines of its own, so it is let through; one that fails now was the last.
      if (state.phase === 'entering') return { ...state, late: true };
      return state.phase === 'open' ? { phase: 'closed', reason: 'join-timeout' } : state;
    case 'closed':
      return { phase: 'closed', reason: event.reason };
  }
}
