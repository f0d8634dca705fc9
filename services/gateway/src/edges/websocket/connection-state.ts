import type { GatewayParticipant } from '../../participants/entrance.ts';

/**
 * A connection from its welcome to its end. `open`: no join has succeeded yet. `entering`: a join or a resume runs; `isLate`:
 * the join deadline passed meanwhile. `inRoom`: the participant owns everything else. `closed`: the socket is gone or closing.
 */
export type ConnectionState =
  | { readonly kind: 'open' }
  | { readonly kind: 'entering'; readonly abort: AbortController; readonly isLate: boolean }
  | { readonly kind: 'inRoom'; readonly participant: GatewayParticipant }
  | { readonly kind: 'closed'; readonly reason: string };

export type ConnectionEvent =
  | { readonly type: 'enterStarted'; readonly abort: AbortController }
  | { readonly type: 'enterFailed' }
  | { readonly type: 'entered'; readonly participant: GatewayParticipant }
  | { readonly type: 'joinDeadline' }
  | { readonly type: 'closed'; readonly reason: string };

/** The state after `event`; the same object when the event has no meaning in it. Pure. */
export function stepConnection(state: ConnectionState, event: ConnectionEvent): ConnectionState {
  if (state.kind === 'closed') return state;
  switch (event.type) {
    case 'enterStarted':
      return state.kind === 'open' ? { kind: 'entering', abort: event.abort, isLate: false } : state;
    case 'enterFailed':
      if (state.kind !== 'entering') return state;
      return state.isLate ? { kind: 'closed', reason: 'join-timeout' } : { kind: 'open' };
    case 'entered':
      return state.kind === 'entering' ? { kind: 'inRoom', participant: event.participant } : state;
    case 'joinDeadline':
      // A join under way has deadlines of its own, so it may finish; if it fails, it was the last one.
      if (state.kind === 'entering') return { ...state, isLate: true };
      return state.kind === 'open' ? { kind: 'closed', reason: 'join-timeout' } : state;
    case 'closed':
      return { kind: 'closed', reason: event.reason };
  }
}
