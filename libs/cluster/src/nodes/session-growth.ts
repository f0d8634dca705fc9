import type { NodeLoad } from '@skein/protocol';

/** How old a session is at least when its node's `used` shows its media: ICE, DTLS, then the measuring. */
const SETTLED_AFTER_MS = 2000;
/** What counts as lately. */
const RECENT_MS = 10_000;
/** Reports are kept so far apart, which bounds them. */
const MIN_STEP_MS = 100;

interface Report {
  readonly load: NodeLoad;
  readonly atMs: number;
}

/** How a node's sessions grew lately, from the course of its reports, whoever placed them there. */
export class SessionGrowth {
  /** Oldest first; the first one is the last that is `RECENT_MS` old. */
  readonly #reports: Report[] = [];

  /** The last report that is old enough for its sessions' media to be in the present one's `used`. */
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
