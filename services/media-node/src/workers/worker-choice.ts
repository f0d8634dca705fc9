/** A worker, as the placement sees it. */
export interface WorkerView {
  readonly index: number;
  readonly running: boolean;
  /** It owes an answer for longer than a worker takes. */
  readonly suspect: boolean;
  /** Share of one core over the last second. */
  readonly cpu: number;
  readonly sessions: number;
  /** The sessions when `cpu` was measured: later ones are not in it yet. */
  readonly sessionsMeasured: number;
  /** At a hard limit: it takes no more sessions of the room in question. */
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
 * A room with this many sessions on each of its workers spreads to a further one. Each of its tracks is piped there once:
 * with 50 viewers behind the pipe, that is 2 % more packets.
 */
const SPREAD_FROM_SESSIONS = 50;
/** The assumed CPU share of a session until it is measured, a second later: a join costs some milliseconds. */
const NEW_SESSION_CPU = 0.005;

/**
 * The worker for one more session of a room. Pure. Among those with capacity: one that hosts the room with few of its
 * sessions, which needs no pipe; else the least loaded. Without capacity, the least loaded of all. A suspect worker is
 * chosen only if there is no other, a full one never. `undefined` when no running worker is below its limits.
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

/** CPU measurements lag behind a burst of joins by a second; session counts do not. */
function projectedCpu({ cpu, sessions, sessionsMeasured }: WorkerView): number {
  return cpu + Math.max(0, sessions - sessionsMeasured) * NEW_SESSION_CPU;
}

/** At equal load, a worker with a router of the room comes first. */
function compareEven(a: WorkerView, b: WorkerView): number {
  return Number(a.roomSessions === undefined) - Number(b.roomSessions === undefined) || a.index - b.index;
}
