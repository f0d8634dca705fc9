/** The pace at which sessions migrate to other nodes. */
export interface MigrationPolicy {
  /** Concurrent migrations, so that neither the targets nor the clients are flooded. */
  readonly maxConcurrent: number;
  /**
   * Each migration costs everyone in the room some work: one migration of a room runs per this many of its sessions here,
   * at least one.
   */
  readonly roomShare: number;
  /** A session that has not begun to move by then is requested again, after those requested less often. */
  readonly retryMs: number;
  /** Time between two steps, because the start of a migration costs everyone in its room work. */
  readonly stepMs: number;
  /** Number of steps for all sessions, roughly: a step starts one migration, or more on a node with many sessions. */
  readonly steps: number;
}

export const defaultMigrationPolicy: MigrationPolicy = {
  maxConcurrent: 16,
  roomShare: 20,
  retryMs: 5000,
  stepMs: 500,
  steps: 120,
};

/** A session to migrate. */
export interface MigrationView {
  readonly sessionId: string;
  readonly room: string;
  /** It is placed elsewhere already and waits for others to switch. */
  readonly leaving: boolean;
  readonly requests: number;
  readonly lastRequestMs: number;
}

export interface MigrationPlan {
  /** The sessions to request now, in order. */
  readonly request: readonly string[];
  /** When to plan again although no session has ended. */
  readonly wakeAtMs: number | undefined;
}

/**
 * Plans the sessions to migrate now. Pure. A migration runs from its request until the session has ended here; one that
 * does not begin yields to another after `retryMs`, so that stuck sessions do not block the others.
 */
export function planMigrations(
  sessions: readonly MigrationView[],
  nowMs: number,
  { maxConcurrent, roomShare, retryMs, stepMs, steps }: MigrationPolicy,
): MigrationPlan {
  const waitsUntil = ({ requests, lastRequestMs }: MigrationView): number =>
    requests === 0 ? nowMs : lastRequestMs + retryMs;
  const staying = sessions.filter(({ leaving }) => !leaving);
  const pending = staying.filter((session) => waitsUntil(session) > nowMs);
  const due = staying.filter((session) => waitsUntil(session) <= nowMs);
  const free = Math.max(0, maxConcurrent - pending.length - (sessions.length - staying.length));
  const requested = sessions.filter(({ requests }) => requests > 0);
  const nextStepMs = Math.max(...requested.map(({ lastRequestMs }) => lastRequestMs + stepMs), 0);
  const step = nextStepMs > nowMs ? 0 : Math.ceil(sessions.length / steps);
  const rooms = new RoomShares(sessions, roomShare);
  for (const { room } of [...pending, ...sessions.filter(({ leaving }) => leaving)]) rooms.take(room);
  const allowed = due
    .toSorted((one, other) => one.requests - other.requests)
    .filter(({ room }) => rooms.take(room));
  const request = allowed.slice(0, Math.min(free, step)).map(({ sessionId }) => sessionId);
  const isMoreDue = allowed.length > request.length && free > request.length;
  // The new requests count as pending too.
  const wakes = [
    ...pending.map(waitsUntil),
    ...(request.length > 0 ? [nowMs + retryMs] : []),
    ...(isMoreDue ? [request.length > 0 ? nowMs + stepMs : nextStepMs] : []),
  ];
  return { request, wakeAtMs: wakes.length > 0 ? Math.min(...wakes) : undefined };
}

/** How many more migrations of each room may run. */
class RoomShares {
  readonly #free = new Map<string, number>();

  constructor(sessions: readonly MigrationView[], roomShare: number) {
    const counts = new Map<string, number>();
    for (const { room } of sessions) counts.set(room, (counts.get(room) ?? 0) + 1);
    for (const [room, count] of counts) this.#free.set(room, Math.ceil(count / roomShare));
  }

  /** Whether one more may run; then it is counted. */
  take(room: string): boolean {
    const free = this.#free.get(room) ?? 0;
    this.#free.set(room, free - 1);
    return free > 0;
  }
}

/** A session that may be migrated, so that this node carries less. */
export interface MigratableSession {
  readonly sessionId: string;
  readonly room: string;
  /** The room is also on other nodes. */
  readonly spansNodes: boolean;
}

/**
 * The sessions to migrate: rooms on this node only come first, and a room's sessions stay together, so that few rooms are
 * split. Pure.
 */
export function chooseToMigrate(sessions: readonly MigratableSession[], count: number): readonly string[] {
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
