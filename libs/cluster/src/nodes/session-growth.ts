import type { NodeLoad } from '@skein/protocol';

/** Age at which a node's `used` shows the media of a session: after ICE, DTLS and the measurement. */
const SETTLED_AFTER_MS = 2000;
/** The window of recent sessions. */
const RECENT_MS = 10_000;
/** Minimum distance of kept reports, which bounds their number. */
const MIN_STEP_MS = 100;

interface Report {
  readonly load: NodeLoad;
  readonly atMs: number;
}

/** How a node's sessions grew recently, by its reports, whichever gateway placed them. */
export class SessionGrowth {
  /** Oldest first; the first one is the last that is `RECENT_MS` old. */
  readonly #reports: Report[] = [];

  /** The last report whose sessions' media is in the present `used`. */
  get settled(): NodeLoad | undefined {
    return this.#before(SETTLED_AFTER_MS)?.load;
  }

  /** Sessions of the last ten seconds. */
  get recent(): number {
    const [now, before] = [this.#reports.at(-1), this.#before(RECENT_MS)];
    return now && before ? Math.max(0, now.load.sessions - before.load.sessions) : 0;
  }

  reported(load: NodeLoad, atMs: number): void {
    const reports = this.#reports;
    const [earlier, last] = reports.slice(-2);
    if (earlier && last && last.atMs - earlier.atMs < MIN_STEP_MS) reports.pop();
    reports.push({ load, atMs });
    while ((reports[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - RECENT_MS) reports.shift();
  }

  #before(ms: number): Report | undefined {
    const now = this.#reports.at(-1);
    return this.#reports.findLast(({ atMs }) => now && atMs <= now.atMs - ms) ?? this.#reports[0];
  }
}
