import type { SkeinClientError } from '../errors/client-error.ts';
import type { CloseReason, ConnectionState } from './connection-state.ts';
import { isFatal, isSessionOver } from './handshake-delay.ts';

/** The session that this client holds on a media node. */
export interface Held {
  readonly sessionId: string;
  readonly epoch: number;
  readonly nodeId: string;
  readonly resumeToken: string;
}

/** A try to enter a gateway over a new socket. */
export interface Attempt {
  readonly socket: number;
  readonly how: 'resume' | 'join';
  readonly failures: number;
}

type Line =
  /** `over`: the gateway is going away, another socket is being made. */
  | { readonly kind: 'up'; readonly socket: number; readonly over: Attempt | undefined }
  | { readonly kind: 'down'; readonly sinceMs: number; readonly attempt: Attempt };

export interface Live {
  readonly kind: 'live';
  readonly held: Held;
  readonly line: Line;
  /** Media: one link is current; those that it replaced go on until it has taken over. Numbers are never used again. */
  readonly link: number;
  readonly leaving: readonly number[];
  /** The current link is taking over. `recovering`: from one that died; `finish`: the old session waits for the word. */
  readonly settling: { readonly recovering: boolean; readonly finish: boolean } | undefined;
  /** The current link has lost its way through the network. */
  readonly interrupted: boolean;
  readonly lastSocket: number;
}

export type SessionState =
  | Live
  | { readonly kind: 'closed'; readonly reason: CloseReason; readonly error?: SkeinClientError | undefined };

export type SessionInput =
  | { readonly type: 'socketLost'; readonly socket: number; readonly nowMs: number }
  | { readonly type: 'resumed'; readonly socket: number; readonly resumeToken: string }
  | { readonly type: 'joined'; readonly socket: number; readonly held: Held }
  /** An attempt failed. `epoch`: of the session that it wanted to resume. */
  | {
      readonly type: 'refused';
      readonly socket: number;
      readonly epoch: number;
      readonly error: SkeinClientError;
      readonly nowMs: number;
    }
  | { readonly type: 'moveOver'; readonly withinMs: number }
  | { readonly type: 'moved'; readonly mode: 'rebuild' | 'switch'; readonly held: Held }
  /** The link has taken over, or had its time. */
  | { readonly type: 'settled'; readonly link: number }
  | { readonly type: 'linkDone'; readonly link: number }
  | { readonly type: 'interrupted'; readonly link: number; readonly interrupted: boolean }
  | { readonly type: 'ended'; readonly reason: CloseReason; readonly nowMs: number }
  /** Media could not be taken up at all. */
  | { readonly type: 'mediaFailed'; readonly error: SkeinClientError }
  | { readonly type: 'left' };

export type SessionCommand =
  | {
      readonly type: 'enter';
      readonly attempt: Attempt;
      readonly error?: SkeinClientError;
      readonly withinMs?: number;
    }
  /** The attempt is needed now: no more waiting before it. */
  | { readonly type: 'hurry'; readonly socket: number }
  | { readonly type: 'useSocket'; readonly socket: number }
  | { readonly type: 'holdRequests' }
  | { readonly type: 'closeSocket'; readonly socket: number }
  /** Media is taken up over a new link beside `beside`; `dead`: that one carries nothing any more. */
  | { readonly type: 'openLink'; readonly link: number; readonly beside: number; readonly dead: boolean }
  /** Others may still receive what it sends; `linkDone` is to follow when they don't. */
  | { readonly type: 'lingerLink'; readonly link: number }
  | { readonly type: 'closeLink'; readonly link: number }
  | { readonly type: 'finishMove'; readonly epoch: number }
  /** Tells the gateway that the session is over, so that nobody sees a participant without media. */
  | { readonly type: 'leave' }
  | { readonly type: 'end' };

export interface Transition {
  readonly state: SessionState;
  readonly commands: readonly SessionCommand[];
}

/** Links that may run beside the current one. Policy beyond it: the oldest is closed. */
const LEAVING_LIMIT = 2;

export function startOf(held: Held): Live {
  return {
    kind: 'live',
    held,
    line: { kind: 'up', socket: 0, over: undefined },
    link: 0,
    leaving: [],
    settling: undefined,
    interrupted: false,
    lastSocket: 0,
  };
}

/** What the room shows of `state`. */
export function connectionOf(state: SessionState): ConnectionState {
  if (state.kind === 'closed') return { state: 'closed', reason: state.reason, error: state.error };
  if (state.line.kind === 'down') return { state: 'reconnecting', reason: 'signaling' };
  if (state.settling?.recovering) return { state: 'recovering' };
  if (state.interrupted) return { state: 'reconnecting', reason: 'media' };
  return { state: 'connected', sessionId: state.held.sessionId, nodeId: state.held.nodeId };
}

/** One step of a client's life in a room. Pure; `reconnectDeadlineMs` bounds how long signaling may stay away. */
export function transition(
  state: SessionState,
  input: SessionInput,
  reconnectDeadlineMs: number,
): Transition {
  if (state.kind === 'closed') return afterTheEnd(state, input);
  switch (input.type) {
    case 'socketLost':
      return socketLost(state, input);
    case 'resumed':
      return resumed(state, input);
    case 'joined':
      return joined(state, input);
    case 'refused':
      return refused(state, input, reconnectDeadlineMs);
    case 'moveOver':
      return moveOver(state, input.withinMs);
    case 'moved':
      return moved(state, input);
    case 'settled':
      return settled(state, input.link);
    case 'linkDone':
      return linkDone(state, input.link);
    case 'interrupted':
      return stay(input.link === state.link ? { ...state, interrupted: input.interrupted } : state);
    case 'ended':
      return ended(state, input);
    case 'mediaFailed': {
      const { state: closed, commands } = close('media-failed', input.error);
      return { state: closed, commands: [{ type: 'leave' }, ...commands] };
    }
    case 'left':
      return close('left');
  }
}

// A socket that opens when nobody needs it any more must not stay.
function afterTheEnd(state: SessionState, input: SessionInput): Transition {
  const late = input.type === 'resumed' || input.type === 'joined';
  return { state, commands: late ? [{ type: 'closeSocket', socket: input.socket }] : [] };
}

function socketLost(
  state: Live,
  { socket, nowMs }: Extract<SessionInput, { type: 'socketLost' }>,
): Transition {
  const { line } = state;
  if (line.kind !== 'up' || line.socket !== socket) return stay(state);
  return fallDown(state, 'resume', nowMs, [{ type: 'holdRequests' }]);
}

function fallDown(
  state: Live,
  how: Attempt['how'],
  sinceMs: number,
  first: readonly SessionCommand[],
): Transition {
  // One attempt at a time: each resume gives the session a new token.
  if (state.line.kind === 'up' && state.line.over) {
    const attempt = state.line.over;
    return {
      state: { ...state, line: { kind: 'down', sinceMs, attempt } },
      commands: [...first, { type: 'hurry', socket: attempt.socket }],
    };
  }
  const attempt: Attempt = { socket: state.lastSocket + 1, how, failures: 0 };
  return {
    state: { ...state, line: { kind: 'down', sinceMs, attempt }, lastSocket: attempt.socket },
    commands: [...first, { type: 'enter', attempt }],
  };
}

function resumed(
  state: Live,
  { socket, resumeToken }: Extract<SessionInput, { type: 'resumed' }>,
): Transition {
  if (attemptOf(state)?.socket !== socket) return { state, commands: [{ type: 'closeSocket', socket }] };
  const { line } = state;
  return {
    state: { ...state, held: { ...state.held, resumeToken }, line: { kind: 'up', socket, over: undefined } },
    commands: [
      { type: 'useSocket', socket },
      ...(line.kind === 'up' ? [{ type: 'closeSocket', socket: line.socket } as const] : []),
    ],
  };
}

function joined(state: Live, { socket, held }: Extract<SessionInput, { type: 'joined' }>): Transition {
  if (state.line.kind !== 'down' || state.line.attempt.socket !== socket)
    return { state, commands: [{ type: 'closeSocket', socket }] };
  const next = nextLink({ ...state, line: { kind: 'up', socket, over: undefined } }, held, 'rebuild');
  return { state: next.state, commands: [{ type: 'useSocket', socket }, ...next.commands] };
}

function refused(
  state: Live,
  { socket, epoch, error, nowMs }: Extract<SessionInput, { type: 'refused' }>,
  reconnectDeadlineMs: number,
): Transition {
  const attempt = attemptOf(state);
  if (attempt?.socket !== socket) return stay(state);
  const { line } = state;
  const next: Attempt = { socket: state.lastSocket + 1, how: attempt.how, failures: attempt.failures + 1 };
  if (line.kind === 'up') {
    const over = { ...state, line: { ...line, over: next }, lastSocket: next.socket };
    return { state: over, commands: [{ type: 'enter', attempt: next, error }] };
  }
  if (attempt.how === 'resume' && isSessionOver(error.code))
    return epoch === state.held.epoch
      ? fallDown(state, 'join', line.sinceMs, [])
      : fallDown(state, 'resume', line.sinceMs, []);
  if (error.code === 'SUPERSEDED') return close('superseded');
  if (isFatal(error.code)) return close('connection-lost', error);
  if (nowMs - line.sinceMs >= reconnectDeadlineMs) return close('connection-lost', error);
  return {
    state: { ...state, line: { ...line, attempt: next }, lastSocket: next.socket },
    commands: [{ type: 'enter', attempt: next, error }],
  };
}

function moveOver(state: Live, withinMs: number): Transition {
  if (state.line.kind !== 'up' || state.line.over) return stay(state);
  const over: Attempt = { socket: state.lastSocket + 1, how: 'resume', failures: 0 };
  return {
    state: { ...state, line: { ...state.line, over }, lastSocket: over.socket },
    commands: [{ type: 'enter', attempt: over, withinMs }],
  };
}

function moved(state: Live, { mode, held }: Extract<SessionInput, { type: 'moved' }>): Transition {
  return held.epoch > state.held.epoch ? nextLink(state, held, mode) : stay(state);
}

function nextLink(state: Live, held: Held, mode: 'rebuild' | 'switch'): Transition {
  const link = state.link + 1;
  const leaving = [...state.leaving, state.link];
  const tooMany = leaving.splice(0, Math.max(0, leaving.length - LEAVING_LIMIT));
  const recovering = mode === 'rebuild' || (state.settling?.recovering ?? false);
  return {
    state: {
      ...state,
      held,
      link,
      leaving,
      settling: { recovering, finish: mode === 'switch' },
      interrupted: false,
    },
    commands: [
      { type: 'openLink', link, beside: state.link, dead: mode === 'rebuild' },
      ...tooMany.map((one) => ({ type: 'closeLink', link: one }) as const),
    ],
  };
}

function settled(state: Live, link: number): Transition {
  if (link !== state.link || !state.settling) return stay(state);
  const { finish } = state.settling;
  const steady: Live = { ...state, settling: undefined };
  if (finish)
    return {
      state: steady,
      commands: [
        { type: 'finishMove', epoch: state.held.epoch },
        ...state.leaving.map((one) => ({ type: 'lingerLink', link: one }) as const),
      ],
    };
  return {
    state: { ...steady, leaving: [] },
    commands: state.leaving.map((one) => ({ type: 'closeLink', link: one })),
  };
}

function linkDone(state: Live, link: number): Transition {
  if (!state.leaving.includes(link)) return stay(state);
  const leaving = state.leaving.filter((one) => one !== link);
  return { state: { ...state, leaving }, commands: [{ type: 'closeLink', link }] };
}

// What no node could take over is joined anew; any other end is meant.
function ended(state: Live, { reason, nowMs }: Extract<SessionInput, { type: 'ended' }>): Transition {
  if (reason !== 'worker-died' && reason !== 'node-stopped') return close(reason);
  if (state.line.kind === 'down') return stay(state);
  return fallDown(state, 'join', nowMs, [
    { type: 'holdRequests' },
    { type: 'closeSocket', socket: state.line.socket },
  ]);
}

function attemptOf({ line }: Live): Attempt | undefined {
  return line.kind === 'up' ? line.over : line.attempt;
}

function close(reason: CloseReason, error?: SkeinClientError): Transition {
  return { state: { kind: 'closed', reason, error }, commands: [{ type: 'end' }] };
}

function stay(state: SessionState): Transition {
  return { state, commands: [] };
}
