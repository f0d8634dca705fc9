/** How many reports back an assignment may be that the last one does not show: two seconds' worth, for a busy node. */
const KEPT_BEATS = 8;

interface Entry {
  /** What the node reported with this beat. */
  readonly sessions: number;
  /** Assigned while this beat was the last one. */
  assigned: number;
}

/** Sessions assigned to a node that its reports do not show yet. */
export class AssignmentLedger {
  readonly #byBeat = new Map<number, Entry>();
  #sessions = 0;

  /**
   * What the node had at some beat and was assigned since then is what it will have: the most that any beat leads to,
   * as those of a beat may lack what was on its way at that time.
   */
  get pending(): number {
    let [expected, assigned] = [this.#sessions, 0];
    for (const entry of [...this.#byBeat.values()].toReversed()) {
      assigned += entry.assigned;
      expected = Math.max(expected, entry.sessions + assigned);
    }
    return expected - this.#sessions;
  }

  /** One was assigned here. */
  assigned(beat: number): void {
    const entry = this.#byBeat.get(beat);
    if (entry) entry.assigned++;
  }

  /** So many were assigned by all gateways together. Late news of an old beat is dropped. */
  learned(beat: number, count: number): void {
    const entry = this.#byBeat.get(beat);
    if (entry) entry.assigned = Math.max(entry.assigned, count);
  }

  /** The node reported. */
  reported(beat: number, sessions: number): void {
    this.#sessions = sessions;
    for (const kept of this.#byBeat.keys()) if (kept <= beat - KEPT_BEATS) this.#byBeat.delete(kept);
    this.#byBeat.set(beat, { sessions, assigned: 0 });
  }
}
