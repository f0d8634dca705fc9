import type { SessionEndReason } from '@skein/protocol';
import type { JoinedSession } from '../sessions/session.ts';

/**
 * What a connection is doing. `over`: its session was ended by the cluster, the socket stays so that the client
 * learns why. `closed`: the socket is gone or going.
 */
export type ConnectionState =
  | { readonly phase: 'open' }
  | { readonly phase: 'joining'; readonly abort: AbortController; readonly late: boolean }
  | { readonly phase: 'joined'; readonly session: JoinedSession }
  | { readonly phase: 'over'; readonly session: JoinedSession; readonly reason: SessionEndReason }
  | { readonly phase: 'closed'; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: 'joinStarted'; readonly abort: AbortController }
  | { readonly type: 'joinFailed' }
  | { readonly type: 'joined'; readonly session: JoinedSession }
  | { readonly type: 'joinDeadline' }
  | { readonly type: 'sessionEnded'; readonly reason: SessionEndReason }
  | { readonly type: 'closed'; readonly reason: string };

/** The state after `event`; the same object when the event means nothing in this state. Pure. */
export function transition(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.phase === 'closed') return state;
  switch (event.type) {
    case 'joinStarted':
      return state.phase === 'open' ? { phase: 'joining', abort: event.abort, late: false } : state;
    case 'joinFailed':
      if (state.phase !== 'joining') return state;
      return state.late ? { phase: 'closed', reason: 'join-timeout' } : { phase: 'open' };
    case 'joined':
      return state.phase === 'joining' ? { phase: 'joined', session: event.session } : state;
    case 'joinDeadline':
      // A join that runs has deadlines of its own, so it is let through; one that fails now was the last.
      if (state.phase === 'joining') return { ...state, late: true };
      return state.phase === 'open' ? { phase: 'closed', reason: 'join-timeout' } : state;
    case 'sessionEnded':
      return state.phase === 'joined'
        ? { phase: 'over', session: state.session, reason: event.reason }
        : state;
    case 'closed':
      return { phase: 'closed', reason: event.reason };
  }
}
