import { timingSafeEqual } from 'node:crypto';
import type { ParticipantConnection, SessionRequest } from '@skein/protocol';

/** How long a session that was placed again elsewhere may go on until its gateway says that the move is done. */
export const MOVE_DEADLINE_MS = 15_000;
/** How long it may go on after that for those who still receive its tracks. */
export const LAST_RECEIVERS_MS = 5000;
/** A client that is back by then was never shown as lost: most sockets that break are made again at once. */
export const SHOWN_LOST_AFTER_MS = 1500;
/** How often it is looked whether anyone still receives them. */
export const RECEIVERS_CHECK_MS = 100;

/** Who holds a session, and whether it is on its way out. */
export interface SessionLife {
  /** Names the gateway's hold; raised by every `attach`. What an earlier holder says of its end is ignored. */
  readonly attachment: number;
  readonly resumeToken: string;
  /** The one that was shown for it: good until the present one is used, for its client may not have got the answer. */
  readonly shownToken: string | undefined;
  /** The client's socket was lost. */
  readonly detached: Detached | undefined;
  readonly leaving: Leaving | undefined;
}

interface Detached {
  readonly sinceMs: number;
  /** The session ends then, unless another gateway attaches. */
  readonly untilMs: number;
}

/** The participant was placed again elsewhere while its client stays. */
interface Leaving {
  readonly sinceMs: number;
  /** When its gateway said that the move is done. */
  readonly doneMs: number | undefined;
}

export type LifeInput =
  | { readonly type: 'attach'; readonly resumeToken: string; readonly nextToken: string }
  | ({ readonly type: 'detach' } & SessionRequest<'detach'>)
  | ({ readonly type: 'close' } & SessionRequest<'close'>)
  /** The room's state shows the participant elsewhere, with a higher epoch. */
  | { readonly type: 'moved' }
  /** Time has passed. `received`: somebody receives one of its tracks. */
  | { readonly type: 'checked'; readonly received: boolean };

export type LifeOutcome =
  | { readonly kind: 'goesOn' }
  | { readonly kind: 'refused'; readonly why: 'wrongToken' | 'placedAgain' }
  /** `leave`: the participant is to be taken out of the room's state. */
  | { readonly kind: 'ends'; readonly reason: string; readonly leave: boolean };

export interface LifeStep {
  readonly life: SessionLife;
  readonly outcome: LifeOutcome;
}

const GOES_ON: LifeOutcome = { kind: 'goesOn' };
const MOVED_AWAY: LifeOutcome = { kind: 'ends', reason: 'moved', leave: false };

/** Of a session that its gateway has just opened. */
export function newLife(resumeToken: string): SessionLife {
  return {
    attachment: 1,
    resumeToken,
    shownToken: undefined,
    detached: undefined,
    leaving: undefined,
  };
}

/** One step of a session's life. Pure. */
export function stepLife(life: SessionLife, input: LifeInput, nowMs: number): LifeStep {
  switch (input.type) {
    case 'attach':
      return attach(life, input);
    case 'detach':
      return goOn(
        input.attachment === life.attachment ? { ...life, detached: detachedFrom(life, input, nowMs) } : life,
      );
    case 'close':
      return close(life, input, nowMs);
    case 'moved':
      return goOn({ ...life, leaving: life.leaving ?? { sinceMs: nowMs, doneMs: undefined } });
    case 'checked':
      return { life, outcome: dueOutcome(life, input.received, nowMs) };
  }
}

/** When to give the next `checked` at the latest; `undefined` while nothing can come of it. */
export function nextCheckMs({ detached, leaving }: SessionLife, nowMs: number): number | undefined {
  if (!leaving) {
    if (!detached) return undefined;
    const shownMs = detached.sinceMs + SHOWN_LOST_AFTER_MS;
    return nowMs < shownMs ? Math.min(shownMs, detached.untilMs) : detached.untilMs;
  }
  return leaving.doneMs === undefined ? leaving.sinceMs + MOVE_DEADLINE_MS : nowMs + RECEIVERS_CHECK_MS;
}

/** What others are shown of the client. */
export function connectionOf({ detached }: SessionLife, nowMs: number): ParticipantConnection {
  return detached && nowMs >= detached.sinceMs + SHOWN_LOST_AFTER_MS ? 'lost' : 'connected';
}

// Told again, as when the answer was lost, the client is away since the first time.
function detachedFrom({ detached }: SessionLife, { graceMs }: { graceMs: number }, nowMs: number): Detached {
  return { sinceMs: detached?.sinceMs ?? nowMs, untilMs: nowMs + graceMs };
}

function goOn(life: SessionLife): LifeStep {
  return { life, outcome: GOES_ON };
}

function attach(
  life: SessionLife,
  { resumeToken, nextToken }: Extract<LifeInput, { type: 'attach' }>,
): LifeStep {
  const { shownToken = life.resumeToken } = life;
  const isGood = [life.resumeToken, shownToken].some((good) => sameSecret(resumeToken, good));
  if (!isGood) return refused(life, 'wrongToken');
  if (life.leaving) return refused(life, 'placedAgain');
  const attachment = life.attachment + 1;
  return goOn({
    ...life,
    attachment,
    resumeToken: nextToken,
    shownToken: resumeToken,
    detached: undefined,
  });
}

function refused(life: SessionLife, why: 'wrongToken' | 'placedAgain'): LifeStep {
  return { life, outcome: { kind: 'refused', why } };
}

function close(
  life: SessionLife,
  { reason, attachment }: Extract<LifeInput, { type: 'close' }>,
  nowMs: number,
): LifeStep {
  if (attachment !== undefined && attachment !== life.attachment) return goOn(life);
  if (reason === 'moved') {
    const { sinceMs = nowMs, doneMs = nowMs } = life.leaving ?? {};
    return goOn({ ...life, leaving: { sinceMs, doneMs } });
  }
  // A session that was placed again is not the participant's any more: nothing to take out.
  return { life, outcome: { kind: 'ends', reason, leave: reason !== 'superseded' && !life.leaving } };
}

function dueOutcome({ detached, leaving }: SessionLife, received: boolean, nowMs: number): LifeOutcome {
  if (leaving) {
    const { sinceMs, doneMs } = leaving;
    const lastReceiverGone = doneMs !== undefined && (!received || nowMs >= doneMs + LAST_RECEIVERS_MS);
    return lastReceiverGone || nowMs >= sinceMs + MOVE_DEADLINE_MS ? MOVED_AWAY : GOES_ON;
  }
  if (detached && nowMs >= detached.untilMs) return { kind: 'ends', reason: 'disconnected', leave: true };
  return GOES_ON;
}

// In constant time, so that a token cannot be found out letter by letter.
function sameSecret(given: string, held: string): boolean {
  const [one, other] = [Buffer.from(given), Buffer.from(held)];
  return one.length === other.length && timingSafeEqual(one, other);
}
