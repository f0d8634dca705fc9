/** A worker as the choice sees it. */
export interface WorkerView {
  readonly index: number;
  readonly running: boolean;
  /** Share of one core over the last second. */
  readonly cpu: number;
  readonly sessions: number;
  /** Has a router of the room in question. */
  readonly hostsRoom: boolean;
}

export interface WorkerPolicy {
  /** A worker above this share of its core takes no more sessions while another one can. */
  readonly maxCpu: number;
  /** A worker with this many sessions takes no more while another one can. */
  readonly maxSessions: number;
}

/**
 * The worker for one more session of a room. Pure. One that hosts the room already, while it has capacity, because
 * then no pipe is needed; else the one with the fewest sessions among those with capacity, else among all that run.
 * `undefined` when none runs.
 */
export function chooseWorker(
  workers: readonly WorkerView[],
  { maxCpu, maxSessions }: WorkerPolicy,
): number | undefined {
  const running = workers.filter((worker) => worker.running);
  const free = running.filter((worker) => worker.cpu < maxCpu && worker.sessions < maxSessions);
  const hosting = free.filter((worker) => worker.hostsRoom);
  return leastLoaded([hosting, free, running].find((group) => group.length > 0) ?? [])?.index;
}

function leastLoaded(workers: readonly WorkerView[]): WorkerView | undefined {
  // CPU lags behind a burst of joins by a second; sessions don't.
  return workers.toSorted((a, b) => a.sessions - b.sessions || a.cpu - b.cpu || a.index - b.index)[0];
}
