/** How old a report of a session's media is at least when its node's `used` shows it: ICE, DTLS, then the measuring. */
const SETTLED_AFTER_MS = 2000;
const MIN_STEP_MS = 100;

/** Sessions that a node reports and that its measured load can't show yet, from the course of its reports. */
export class SessionGrowth {
  /** Oldest first; the first one is the last that is old enough. Bounded: they are `MIN_STEP_MS` apart. */
  readonly #reports: { readonly sessions: number; readonly atMs: number }[] = [];

  get young(): number {
    const [before] = this.#reports;
    const now = this.#reports.at(-1);
    return before && now ? Math.max(0, now.sessions - before.sessions) : 0;
  }

  reported(sessions: number, atMs: number): void {
    const [earlier, last] = this.#reports.slice(-2);
    if (earlier && last && last.atMs - earlier.atMs < MIN_STEP_MS) this.#reports.pop();
    this.#reports.push({ sessions, atMs });
    while ((this.#reports[1]?.atMs ?? Number.POSITIVE_INFINITY) <= atMs - SETTLED_AFTER_MS)
      this.#reports.shift();
  }
}
