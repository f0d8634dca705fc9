/** Heartbeats after which a report surely shows an assignment: two seconds, for a busy node. */
const KEPT_HEARTBEATS = 8;

interface Entry {
  /** Sessions that the node reported with this heartbeat. */
  readonly sessions: number;
  /** Assigned while this heartbeat was the last one. */
  assigned: number;
}

/** Sessions assigned to a node that its reports do not show yet. */
export class AssignmentLedger {
  readonly #byHeartbeat = new Map<number, Entry>();
  #sessions = 0;

  /**
   * The sessions at a heartbeat plus the assignments since then are what the node will have. The maximum over all kept
   * heartbeats counts, as a report may lack sessions that were on their way.
   */
  get pending(): number {
    let [expected, assigned] = [this.#sessions, 0];
    for (const entry of [...this.#byHeartbeat.values()].toReversed()) {
      assigned += entry.assigned;
      expected = Math.max(expected, entry.sessions + assigned);
    }
    return expected - this.#sessions;
  }

  /** This process assigned one. */
  assigned(beat: number): void {
    const entry = this.#byHeartbeat.get(beat);
    if (entry) entry.assigned++;
  }

  /** All gateways together assigned `count`. A late count of an old heartbeat is dropped. */
  learned(beat: number, count: number): void {
    const entry = this.#byHeartbeat.get(beat);
    if (entry) entry.assigned = Math.max(entry.assigned, count);
  }

  /** The node reported. */
  reported(beat: number, sessions: number): void {
    this.#sessions = sessions;
    for (const kept of this.#byHeartbeat.keys())
      if (kept <= beat - KEPT_HEARTBEATS) this.#byHeartbeat.delete(kept);
    this.#byHeartbeat.set(beat, { sessions, assigned: 0 });
  }
}
