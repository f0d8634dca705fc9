import type { SessionRef } from '@skein/protocol';
import type { SkeinClientError } from '../errors/client-error.ts';
import type { CloseReason, ConnectionState } from './connection-state.ts';
import { isFatal, isSessionOver } from './handshake-delay.ts';

/** The session that this client holds on a media node. */
export type SessionHandle = Pick<SessionRef, 'sessionId' | 'epoch' | 'nodeId'> & {
  /** Authorizes the next resume. */
  readonly resumeToken: string;
};

/** An attempt to reach a gateway over a new socket. */
export interface Attempt {
  readonly socket: number;
  /** `join`: the session is over, a new one is needed. */
  readonly method: 'resume' | 'join';
  readonly failures: number;
}

type SignalingState =
  /** `handover`: the gateway drains; the attempt to move to another one. */
  | { readonly kind: 'connected'; readonly socket: number; readonly handover: Attempt | undefined }
  /** No socket; `attempt` is the current attempt to reconnect. */
  | { readonly kind: 'disconnected'; readonly sinceMs: number; readonly attempt: Attempt };

export interface LiveState {
  readonly kind: 'live';
  readonly handle: SessionHandle;
  readonly signaling: SignalingState;
  /** Number of the current media link. Numbers are not reused. */
  readonly link: number;
  /** Links that the current one replaces. They keep running until it has taken over, and while other nodes still receive from them. */
  readonly oldLinks: readonly number[];
  /** Set until the current link carries all media. `recovering`: the old link is dead. `finish`: the old session waits for `finishMove`. */
  readonly takeover: { readonly recovering: boolean; readonly finish: boolean } | undefined;
  /** The current link has lost its network path. */
  readonly interrupted: boolean;
  readonly lastSocket: number;
}

export type SessionState =
  | LiveState
  | { readonly kind: 'closed'; readonly reason: CloseReason; readonly error?: SkeinClientError | undefined };

export type SessionInput =
  | { readonly type: 'socketLost'; readonly socket: number; readonly nowMs: number }
  | { readonly type: 'resumed'; readonly socket: number; readonly resumeToken: string }
  | { readonly type: 'joined'; readonly socket: number; readonly handle: SessionHandle }
  /** `epoch`: of the session that the attempt tried to resume. */
  | {
      readonly type: 'attemptFailed';
      readonly socket: number;
      readonly epoch: number;
      readonly error: SkeinClientError;
      readonly nowMs: number;
    }
  /** The gateway drains and asks its clients to move to another one within this time. */
  | { readonly type: 'handoverRequested'; readonly withinMs: number }
  /** The session is on another node. `switch`: the old one still runs; `rebuild`: it is gone. */
  | { readonly type: 'migrated'; readonly mode: 'rebuild' | 'switch'; readonly handle: SessionHandle }
  /** The link carries all media, or its time for that is over. */
  | { readonly type: 'linkTookOver'; readonly link: number }
  /** No node receives from the link any more. */
  | { readonly type: 'linkDrained'; readonly link: number }
  | { readonly type: 'interrupted'; readonly link: number; readonly interrupted: boolean }
  | { readonly type: 'sessionEnded'; readonly reason: CloseReason; readonly nowMs: number }
  /** The browser refused to set up media. */
  | { readonly type: 'mediaFailed'; readonly error: SkeinClientError }
  | { readonly type: 'left' };

export type SessionCommand =
  | {
      readonly type: 'attempt';
      readonly attempt: Attempt;
      readonly error?: SkeinClientError;
      readonly withinMs?: number;
    }
  /** Starts the attempt without further delay. */
  | { readonly type: 'expediteAttempt'; readonly socket: number }
  | { readonly type: 'useSocket'; readonly socket: number }
  | { readonly type: 'holdRequests' }
  | { readonly type: 'closeSocket'; readonly socket: number }
  /** Opens a link beside the one that it `replaces`; `dead`: that one carries no media any more. */
  | { readonly type: 'openLink'; readonly link: number; readonly replaces: number; readonly dead: boolean }
  /** Keeps the link running for receivers that have not switched yet, until `linkDrained`. */
  | { readonly type: 'drainLink'; readonly link: number }
  | { readonly type: 'closeLink'; readonly link: number }
  | { readonly type: 'finishMigration'; readonly epoch: number }
  /** Ends the session at the gateway, so that no participant without media stays in the room. */
  | { readonly type: 'leave' }
  | { readonly type: 'shutDown' };

export interface SessionStep {
  readonly state: SessionState;
  readonly commands: readonly SessionCommand[];
}

/** Links that may run beside the current one. On overflow the oldest is closed. */
const OLD_LINK_LIMIT = 2;

export function initialState(handle: SessionHandle): LiveState {
  return {
    kind: 'live',
    handle,
    signaling: { kind: 'connected', socket: 0, handover: undefined },
    link: 0,
    oldLinks: [],
    takeover: undefined,
    interrupted: false,
    lastSocket: 0,
  };
}

/** The public view of `state`. */
export function connectionOf(state: SessionState): ConnectionState {
  if (state.kind === 'closed') return { state: 'closed', reason: state.reason, error: state.error };
  if (state.signaling.kind === 'disconnected') return { state: 'reconnecting', reason: 'signaling' };
  if (state.takeover?.recovering) return { state: 'recovering' };
  if (state.interrupted) return { state: 'reconnecting', reason: 'media' };
  return { state: 'connected', sessionId: state.handle.sessionId, nodeId: state.handle.nodeId };
}

/** One step of a client's session. Pure. `reconnectDeadlineMs` bounds how long signaling may be disconnected. */
export function stepSession(
  state: SessionState,
  input: SessionInput,
  reconnectDeadlineMs: number,
): SessionStep {
  if (state.kind === 'closed') return afterTheEnd(state, input);
  switch (input.type) {
    case 'socketLost':
      return socketLost(state, input);
    case 'resumed':
      return resumed(state, input);
    case 'joined':
      return joined(state, input);
    case 'attemptFailed':
      return attemptFailed(state, input, reconnectDeadlineMs);
    case 'handoverRequested':
      return handoverRequested(state, input.withinMs);
    case 'migrated':
      return migrated(state, input);
    case 'linkTookOver':
      return linkTookOver(state, input.link);
    case 'linkDrained':
      return linkDrained(state, input.link);
    case 'interrupted':
      return unchanged(input.link === state.link ? { ...state, interrupted: input.interrupted } : state);
    case 'sessionEnded':
      return sessionEnded(state, input);
    case 'mediaFailed': {
      const { state: closed, commands } = close('media-failed', input.error);
      return { state: closed, commands: [{ type: 'leave' }, ...commands] };
    }
    case 'left':
      return close('left');
  }
}

// A socket that opens after the end must not stay open.
function afterTheEnd(state: SessionState, input: SessionInput): SessionStep {
  const isLate = input.type === 'resumed' || input.type === 'joined';
  return { state, commands: isLate ? [{ type: 'closeSocket', socket: input.socket }] : [] };
}

function socketLost(
  state: LiveState,
  { socket, nowMs }: Extract<SessionInput, { type: 'socketLost' }>,
): SessionStep {
  const { signaling } = state;
  if (signaling.kind !== 'connected' || signaling.socket !== socket) return unchanged(state);
  return disconnect(state, 'resume', nowMs, [{ type: 'holdRequests' }]);
}

function disconnect(
  state: LiveState,
  method: Attempt['method'],
  sinceMs: number,
  first: readonly SessionCommand[],
): SessionStep {
  // One attempt at a time: each resume gives the session a new token.
  if (state.signaling.kind === 'connected' && state.signaling.handover) {
    const attempt = state.signaling.handover;
    return {
      state: { ...state, signaling: { kind: 'disconnected', sinceMs, attempt } },
      commands: [...first, { type: 'expediteAttempt', socket: attempt.socket }],
    };
  }
  const attempt: Attempt = { socket: state.lastSocket + 1, method, failures: 0 };
  return {
    state: { ...state, signaling: { kind: 'disconnected', sinceMs, attempt }, lastSocket: attempt.socket },
    commands: [...first, { type: 'attempt', attempt }],
  };
}

function resumed(
  state: LiveState,
  { socket, resumeToken }: Extract<SessionInput, { type: 'resumed' }>,
): SessionStep {
  if (attemptOf(state)?.socket !== socket) return { state, commands: [{ type: 'closeSocket', socket }] };
  const { signaling } = state;
  return {
    state: {
      ...state,
      handle: { ...state.handle, resumeToken },
      signaling: { kind: 'connected', socket, handover: undefined },
    },
    commands: [
      { type: 'useSocket', socket },
      ...(signaling.kind === 'connected' ? [{ type: 'closeSocket', socket: signaling.socket } as const] : []),
    ],
  };
}

function joined(
  state: LiveState,
  { socket, handle }: Extract<SessionInput, { type: 'joined' }>,
): SessionStep {
  if (state.signaling.kind !== 'disconnected' || state.signaling.attempt.socket !== socket)
    return { state, commands: [{ type: 'closeSocket', socket }] };
  const next = nextLink(
    { ...state, signaling: { kind: 'connected', socket, handover: undefined } },
    handle,
    'rebuild',
  );
  return { state: next.state, commands: [{ type: 'useSocket', socket }, ...next.commands] };
}

function attemptFailed(
  state: LiveState,
  { socket, epoch, error, nowMs }: Extract<SessionInput, { type: 'attemptFailed' }>,
  reconnectDeadlineMs: number,
): SessionStep {
  const attempt = attemptOf(state);
  if (attempt?.socket !== socket) return unchanged(state);
  const { signaling } = state;
  const next: Attempt = {
    socket: state.lastSocket + 1,
    method: attempt.method,
    failures: attempt.failures + 1,
  };
  if (signaling.kind === 'connected') {
    return {
      state: { ...state, signaling: { ...signaling, handover: next }, lastSocket: next.socket },
      commands: [{ type: 'attempt', attempt: next, error }],
    };
  }
  if (attempt.method === 'resume' && isSessionOver(error.code))
    return epoch === state.handle.epoch
      ? disconnect(state, 'join', signaling.sinceMs, [])
      : disconnect(state, 'resume', signaling.sinceMs, []);
  if (error.code === 'SUPERSEDED') return close('superseded');
  if (isFatal(error.code)) return close('connection-lost', error);
  if (nowMs - signaling.sinceMs >= reconnectDeadlineMs) return close('connection-lost', error);
  return {
    state: { ...state, signaling: { ...signaling, attempt: next }, lastSocket: next.socket },
    commands: [{ type: 'attempt', attempt: next, error }],
  };
}

function handoverRequested(state: LiveState, withinMs: number): SessionStep {
  if (state.signaling.kind !== 'connected' || state.signaling.handover) return unchanged(state);
  const handover: Attempt = { socket: state.lastSocket + 1, method: 'resume', failures: 0 };
  return {
    state: { ...state, signaling: { ...state.signaling, handover }, lastSocket: handover.socket },
    commands: [{ type: 'attempt', attempt: handover, withinMs }],
  };
}

function migrated(
  state: LiveState,
  { mode, handle }: Extract<SessionInput, { type: 'migrated' }>,
): SessionStep {
  return handle.epoch > state.handle.epoch ? nextLink(state, handle, mode) : unchanged(state);
}

function nextLink(state: LiveState, handle: SessionHandle, mode: 'rebuild' | 'switch'): SessionStep {
  const link = state.link + 1;
  const oldLinks = [...state.oldLinks, state.link];
  const excess = oldLinks.splice(0, Math.max(0, oldLinks.length - OLD_LINK_LIMIT));
  const recovering = mode === 'rebuild' || (state.takeover?.recovering ?? false);
  return {
    state: {
      ...state,
      handle,
      link,
      oldLinks,
      takeover: { recovering, finish: mode === 'switch' },
      interrupted: false,
    },
    commands: [
      { type: 'openLink', link, replaces: state.link, dead: mode === 'rebuild' },
      ...excess.map((one) => ({ type: 'closeLink', link: one }) as const),
    ],
  };
}

function linkTookOver(state: LiveState, link: number): SessionStep {
  if (link !== state.link || !state.takeover) return unchanged(state);
  const { finish } = state.takeover;
  const steady: LiveState = { ...state, takeover: undefined };
  if (finish)
    return {
      state: steady,
      commands: [
        { type: 'finishMigration', epoch: state.handle.epoch },
        ...state.oldLinks.map((one) => ({ type: 'drainLink', link: one }) as const),
      ],
    };
  return {
    state: { ...steady, oldLinks: [] },
    commands: state.oldLinks.map((one) => ({ type: 'closeLink', link: one })),
  };
}

function linkDrained(state: LiveState, link: number): SessionStep {
  if (!state.oldLinks.includes(link)) return unchanged(state);
  const oldLinks = state.oldLinks.filter((one) => one !== link);
  return { state: { ...state, oldLinks }, commands: [{ type: 'closeLink', link }] };
}

// A session that no node could take over is joined again; every other end is intended.
function sessionEnded(
  state: LiveState,
  { reason, nowMs }: Extract<SessionInput, { type: 'sessionEnded' }>,
): SessionStep {
  if (reason !== 'worker-died' && reason !== 'node-stopped') return close(reason);
  if (state.signaling.kind === 'disconnected') return unchanged(state);
  return disconnect(state, 'join', nowMs, [
    { type: 'holdRequests' },
    { type: 'closeSocket', socket: state.signaling.socket },
  ]);
}

function attemptOf({ signaling }: LiveState): Attempt | undefined {
  return signaling.kind === 'connected' ? signaling.handover : signaling.attempt;
}

function close(reason: CloseReason, error?: SkeinClientError): SessionStep {
  return { state: { kind: 'closed', reason, error }, commands: [{ type: 'shutDown' }] };
}

function unchanged(state: SessionState): SessionStep {
  return { state, commands: [] };
}
