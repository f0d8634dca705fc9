/** How sessions are asked to move away. */
export interface MovePolicy {
  /** Moves that may be under way at once, so that neither the targets nor the clients are flooded. */
  readonly atOnce: number;
  /**
   * Everyone in a room follows each move with work of their own: of one room a move is under way for every so many of its
   * sessions here, at least one.
   */
  readonly roomShare: number;
  /** A session that has not begun to move by then is asked again, after those that were asked less often. */
  readonly askAgainMs: number;
  /** Between one step and the next, because the start of a move costs everyone in its room work. */
  readonly stepMs: number;
  /** All are asked within about so many steps: a step takes one session, or more on a node with many. */
  readonly steps: number;
}

export const defaultMovePolicy: MovePolicy = {
  atOnce: 16,
  roomShare: 20,
  askAgainMs: 5000,
  stepMs: 500,
  steps: 120,
};

/** A session that is to move. */
export interface MoveView {
  readonly sessionId: string;
  readonly room: string;
  /** It is placed elsewhere already and waits for others to follow. */
  readonly leaving: boolean;
  readonly timesAsked: number;
  readonly lastAskedMs: number;
}

export interface MovePlan {
  /** To be asked now, in this order. */
  readonly ask: readonly string[];
  /** When to plan again though no session has ended. */
  readonly wakeAtMs: number | undefined;
}

/**
 * Which sessions to ask now. Pure. A move is under way from the asking until the session has ended here; one that does
 * not begin gives its turn to another after `askAgainMs`, so that stuck ones hold nobody up.
 */
export function planMoves(
  sessions: readonly MoveView[],
  nowMs: number,
  { atOnce, roomShare, askAgainMs, stepMs, steps }: MovePolicy,
): MovePlan {
  const waitsUntil = ({ timesAsked, lastAskedMs }: MoveView): number =>
    timesAsked === 0 ? nowMs : lastAskedMs + askAgainMs;
  const staying = sessions.filter(({ leaving }) => !leaving);
  const pending = staying.filter((session) => waitsUntil(session) > nowMs);
  const due = staying.filter((session) => waitsUntil(session) <= nowMs);
  const free = Math.max(0, atOnce - pending.length - (sessions.length - staying.length));
  const asked = sessions.filter(({ timesAsked }) => timesAsked > 0);
  const nextStepMs = Math.max(...asked.map(({ lastAskedMs }) => lastAskedMs + stepMs), 0);
  const step = nextStepMs > nowMs ? 0 : Math.ceil(sessions.length / steps);
  const rooms = new RoomShares(sessions, roomShare);
  for (const { room } of [...pending, ...sessions.filter(({ leaving }) => leaving)]) rooms.take(room);
  const allowed = due
    .toSorted((one, other) => one.timesAsked - other.timesAsked)
    .filter(({ room }) => rooms.take(room));
  const ask = allowed.slice(0, Math.min(free, step)).map(({ sessionId }) => sessionId);
  const isMoreDue = allowed.length > ask.length && free > ask.length;
  // Those that are asked now are waited for like the others.
  const wakes = [
    ...pending.map(waitsUntil),
    ...(ask.length > 0 ? [nowMs + askAgainMs] : []),
    ...(isMoreDue ? [ask.length > 0 ? nowMs + stepMs : nextStepMs] : []),
  ];
  return { ask, wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : undefined };
}

/** How many moves of each room may be under way, and are. */
class RoomShares {
  readonly #free = new Map<string, number>();

  constructor(sessions: readonly MoveView[], roomShare: number) {
    const counts = new Map<string, number>();
    for (const { room } of sessions) counts.set(room, (counts.get(room) ?? 0) + 1);
    for (const [room, count] of counts) this.#free.set(room, Math.ceil(count / roomShare));
  }

  /** Whether one more may be under way; then it counts as such. */
  take(room: string): boolean {
    const free = this.#free.get(room) ?? 0;
    this.#free.set(room, free - 1);
    return free > 0;
  }
}

/** A session that may be chosen to move, so that this node carries less. */
export interface MovableSession {
  readonly sessionId: string;
  readonly room: string;
  /** The room is on other nodes too. */
  readonly spansNodes: boolean;
}

/**
 * Which sessions to move: rooms that are on this node only come first, and a room's sessions stand together, so that
 * as few rooms as possible are torn apart. Pure.
 */
export function chooseToMove(sessions: readonly MovableSession[], count: number): readonly string[] {
  return sessions
    .toSorted(
      (one, other) => Number(one.spansNodes) - Number(other.spansNodes) || compare(one.room, other.room),
    )
    .slice(0, count)
    .map(({ sessionId }) => sessionId);
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
