/** A worker as the choice sees it. */
export interface WorkerView {
  readonly index: number;
  readonly running: boolean;
  /** It owes an answer for longer than a worker takes. */
  readonly suspect: boolean;
  /** Share of one core over the last second. */
  readonly cpu: number;
  readonly sessions: number;
  /** Those that were there when `cpu` was measured: the others' share is not in it yet. */
  readonly sessionsMeasured: number;
  /** It is at a hard limit: it takes no more sessions of the room in question. */
  readonly full: boolean;
  /** Sessions of the room in question; `undefined`: it has no router of it. */
  readonly roomSessions: number | undefined;
}

export interface WorkerPolicy {
  /** A worker above this share of its core takes no more sessions while another one can. */
  readonly maxCpu: number;
  /** A worker with this many sessions takes no more while another one can. */
  readonly maxSessions: number;
}

/**
 * A room with so many sessions on each worker that it is on spreads over further ones. To each of those, every track goes
 * once: with 50 viewers behind it, that is two packets more in a hundred.
 */
const SPREAD_FROM_SESSIONS = 50;
/** What a session is taken to need of a core until it has been measured, a second later: to join costs some milliseconds. */
const NEW_SESSION_CPU = 0.005;

/**
 * The worker for one more session of a room. Pure. Among those with capacity: one that hosts the room already, while few
 * of the room's sessions are on it, because then no pipe is needed; else the least loaded. Where none has capacity, the
 * least loaded of all that run. One that may hang is taken only where there is no other. One that is full is never taken.
 * `undefined` when none runs that is not full.
 */
export function chooseWorker(workers: readonly WorkerView[], policy: WorkerPolicy): number | undefined {
  const running = workers.filter((worker) => worker.running && !worker.full);
  const answering = running.filter(({ suspect }) => !suspect);
  const able = answering.length > 0 ? answering : running;
  const free = able.filter((worker) => loadOf(worker, policy) < 1);
  const hosting = free.filter(
    ({ roomSessions = SPREAD_FROM_SESSIONS }) => roomSessions < SPREAD_FROM_SESSIONS,
  );
  const group = [hosting, free, able].find((some) => some.length > 0) ?? [];
  return group.toSorted((a, b) => loadOf(a, policy) - loadOf(b, policy) || compareEven(a, b))[0]?.index;
}

/** The share of a worker's capacity in use, 1 = full: of its CPU as it will be, or of its sessions, whichever is more. */
function loadOf(worker: WorkerView, { maxCpu, maxSessions }: WorkerPolicy): number {
  return Math.max(projectedCpu(worker) / maxCpu, worker.sessions / maxSessions);
}

/** CPU lags behind a burst of joins by a second; sessions don't. */
function projectedCpu({ cpu, sessions, sessionsMeasured }: WorkerView): number {
  return cpu + Math.max(0, sessions - sessionsMeasured) * NEW_SESSION_CPU;
}

/** Of two with the same load, that with a router of the room. */
function compareEven(a: WorkerView, b: WorkerView): number {
  return Number(a.roomSessions === undefined) - Number(b.roomSessions === undefined) || a.index - b.index;
}
