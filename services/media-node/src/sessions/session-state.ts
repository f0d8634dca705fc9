import { timingSafeEqual } from 'node:crypto';
import type { SessionEndReason, SessionRequest } from '@skein/protocol';

/** How long a session that was placed again elsewhere may live until its gateway reports that the move is done. */
export const MOVE_DEADLINE_MS = 15_000;
/** How long it may live after that for those who still receive its tracks. */
export const LAST_RECEIVERS_MS = 5000;
/** A client that returns within this time is never shown as lost: most broken sockets reconnect at once. */
export const SHOWN_LOST_AFTER_MS = 1500;
/** Interval at which a moved session checks for remaining receivers. */
export const RECEIVERS_CHECK_MS = 100;

/** A gateway's claim to the session. */
export interface Attachment {
  /** Raised by every `attach`. Requests of earlier holders to end the session are ignored. */
  readonly number: number;
  readonly resumeToken: string;
  /** The token that `resumeToken` replaced: valid until the present one is used, in case the client missed the answer. */
  readonly previousToken: string | undefined;
}

/** The life of one session. */
export type SessionState =
  /** Its media is being created. */
  | { readonly kind: 'opening'; readonly attachment: Attachment }
  /** A gateway holds its client's connection. */
  | { readonly kind: 'attached'; readonly attachment: Attachment }
  /** The client's socket was lost: another gateway may attach until `untilMs`. */
  | {
      readonly kind: 'detached';
      readonly attachment: Attachment;
      readonly sinceMs: number;
      readonly untilMs: number;
      /** Others see the client as lost. */
      readonly shownLost: boolean;
      /** The media path was lost as well: the session ends when its client returns, so that its media is rebuilt. */
      readonly mediaLost: boolean;
    }
  /** The participant was placed again elsewhere: the session lives on until others have switched to the new one. */
  | {
      readonly kind: 'leaving';
      readonly attachment: Attachment;
      readonly sinceMs: number;
      /** When the gateway reported that the move is done. */
      readonly doneMs: number | undefined;
    }
  | { readonly kind: 'closed'; readonly reason: string };

type LiveState = Exclude<SessionState, { kind: 'closed' }>;

export interface EndOptions {
  /**
   * Removes the participant from the room's state. Not when it was placed again, or others have removed it.
   * `unlessMoved`: only if no gateway has placed it again some time later.
   */
  readonly leave: boolean | 'unlessMoved';
  /** Publishes the reason to the client's gateway. Not when the gateway has moved the client elsewhere. */
  readonly notify?: SessionEndReason;
}

export type SessionStateEvent =
  /** The session's media is ready. */
  | { readonly type: 'opened' }
  | { readonly type: 'attach'; readonly resumeToken: string; readonly nextToken: string }
  | ({ readonly type: 'detach' } & SessionRequest<'detach'>)
  | ({ readonly type: 'close' } & SessionRequest<'close'>)
  /** The room's state shows the participant elsewhere, with a higher epoch. */
  | { readonly type: 'moved' }
  /** The media path to the client is gone. */
  | { readonly type: 'mediaLost' }
  /** Time has passed. `received`: whether anyone receives one of the session's tracks. */
  | { readonly type: 'checked'; readonly received: boolean }
  | ({ readonly type: 'end'; readonly reason: string } & EndOptions);

export type SessionCommand =
  /** Rejects the attach. */
  | { readonly type: 'reject'; readonly why: 'wrongToken' | 'placedAgain' }
  /** Frees everything that the session holds. */
  | { readonly type: 'free'; readonly reason: string }
  | { readonly type: 'notify'; readonly reason: SessionEndReason }
  /** Removes the participant from the room's state. */
  | { readonly type: 'announceLeft'; readonly reason: string; readonly unlessMoved: boolean }
  /** Shows others whether the client is connected. */
  | { readonly type: 'announceConnection' }
  /** Ends what the session receives: two moved sessions would keep each other's tracks alive. */
  | { readonly type: 'closeSubscriptions' }
  /** Gives `mediaLost` again, after the answer that is being sent. */
  | { readonly type: 'repeatMediaLost' };

export interface SessionStep {
  readonly state: SessionState;
  readonly commands: readonly SessionCommand[];
}

/** A session that its gateway has just opened. */
export function newSessionState(resumeToken: string): SessionState {
  return { kind: 'opening', attachment: { number: 1, resumeToken, previousToken: undefined } };
}

/** One step of a session's life. Pure. */
export function stepSession(state: SessionState, event: SessionStateEvent, nowMs: number): SessionStep {
  if (state.kind === 'closed') return stay(state);
  switch (event.type) {
    case 'opened':
      return stay(state.kind === 'opening' ? { kind: 'attached', attachment: state.attachment } : state);
    case 'attach':
      return attach(state, event);
    case 'detach':
      return stay(event.attachment === state.attachment.number ? detached(state, event, nowMs) : state);
    case 'close':
      return close(state, event, nowMs);
    case 'moved':
      return stay(leaving(state, nowMs));
    case 'mediaLost':
      // No other node could reach a client without a connection.
      if (state.kind === 'detached') return stay({ ...state, mediaLost: true });
      return end(state, { reason: 'media-timeout', leave: 'unlessMoved', notify: 'media-timeout' });
    case 'checked':
      return check(state, event.received, nowMs);
    case 'end':
      return end(state, event);
  }
}

/** When to give the next `checked` at the latest; `undefined` while it would change nothing. */
export function nextCheckMs(state: SessionState, nowMs: number): number | undefined {
  switch (state.kind) {
    case 'opening':
    case 'attached':
    case 'closed':
      return undefined;
    case 'detached':
      return state.shownLost ? state.untilMs : Math.min(state.sinceMs + SHOWN_LOST_AFTER_MS, state.untilMs);
    case 'leaving':
      return state.doneMs === undefined ? state.sinceMs + MOVE_DEADLINE_MS : nowMs + RECEIVERS_CHECK_MS;
  }
}

function stay(state: SessionState, commands: readonly SessionCommand[] = []): SessionStep {
  return { state, commands };
}

function attach(
  state: LiveState,
  { resumeToken, nextToken }: Extract<SessionStateEvent, { type: 'attach' }>,
): SessionStep {
  const { attachment } = state;
  const { previousToken = attachment.resumeToken } = attachment;
  const isValid = [attachment.resumeToken, previousToken].some((valid) => sameSecret(resumeToken, valid));
  if (!isValid) return stay(state, [{ type: 'reject', why: 'wrongToken' }]);
  if (state.kind === 'leaving') return stay(state, [{ type: 'reject', why: 'placedAgain' }]);
  const next = { number: attachment.number + 1, resumeToken: nextToken, previousToken: resumeToken };
  if (state.kind !== 'detached') return stay({ ...state, attachment: next });
  return stay({ kind: 'attached', attachment: next }, [
    ...(state.shownLost ? [{ type: 'announceConnection' } as const] : []),
    ...(state.mediaLost ? [{ type: 'repeatMediaLost' } as const] : []),
  ]);
}

function detached(state: LiveState, { graceMs }: { readonly graceMs: number }, nowMs: number): LiveState {
  const untilMs = nowMs + graceMs;
  switch (state.kind) {
    case 'leaving':
      return state;
    case 'detached':
      // A repeated request, as when the answer was lost: the client has been away since the first one.
      return { ...state, untilMs };
    case 'opening':
    case 'attached': {
      const { attachment } = state;
      const unknown = { shownLost: false, mediaLost: false };
      return { kind: 'detached', attachment, sinceMs: nowMs, untilMs, ...unknown };
    }
  }
}

function leaving(state: LiveState, nowMs: number): Extract<LiveState, { kind: 'leaving' }> {
  if (state.kind === 'leaving') return state;
  return { kind: 'leaving', attachment: state.attachment, sinceMs: nowMs, doneMs: undefined };
}

function close(
  state: LiveState,
  { reason, attachment }: Extract<SessionStateEvent, { type: 'close' }>,
  nowMs: number,
): SessionStep {
  if (attachment !== undefined && attachment !== state.attachment.number) return stay(state);
  if (reason === 'moved') {
    const moved = leaving(state, nowMs);
    return stay({ ...moved, doneMs: moved.doneMs ?? nowMs }, [{ type: 'closeSubscriptions' }]);
  }
  return end(state, { reason, leave: reason !== 'superseded' });
}

function check(state: LiveState, received: boolean, nowMs: number): SessionStep {
  switch (state.kind) {
    case 'opening':
    case 'attached':
      return stay(state);
    case 'detached':
      return checkDetached(state, nowMs);
    case 'leaving': {
      const { sinceMs, doneMs } = state;
      const lastReceiverGone = doneMs !== undefined && (!received || nowMs >= doneMs + LAST_RECEIVERS_MS);
      if (lastReceiverGone || nowMs >= sinceMs + MOVE_DEADLINE_MS)
        return end(state, { reason: 'moved', leave: false });
      return stay(state, doneMs === undefined ? [] : [{ type: 'closeSubscriptions' }]);
    }
  }
}

function checkDetached(state: Extract<LiveState, { kind: 'detached' }>, nowMs: number): SessionStep {
  if (nowMs >= state.untilMs) return end(state, { reason: 'disconnected', leave: true });
  if (state.shownLost || nowMs < state.sinceMs + SHOWN_LOST_AFTER_MS) return stay(state);
  return stay({ ...state, shownLost: true }, [{ type: 'announceConnection' }]);
}

/** A session that was placed again is not the participant's any more: there is nothing to report or to remove. */
function end(
  state: LiveState,
  { reason, leave, notify }: { readonly reason: string } & EndOptions,
): SessionStep {
  const own = state.kind !== 'leaving';
  return stay({ kind: 'closed', reason }, [
    { type: 'free', reason },
    ...(own && notify ? [{ type: 'notify', reason: notify } as const] : []),
    ...(own && leave
      ? [{ type: 'announceLeft', reason, unlessMoved: leave === 'unlessMoved' } as const]
      : []),
  ]);
}

// In constant time, so that a token cannot be guessed letter by letter.
function sameSecret(given: string, held: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(held)];
  return one.length === other.length && timingSafeEqual(one, other);
}
