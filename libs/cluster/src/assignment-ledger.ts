/**
 * Sessions assigned to a node that its reports may not show yet. A session counts from its assignment until the second
 * report after it: the first one may have been measured before its media flowed.
 */
export class AssignmentLedger {
  /** By the beat that was the last when they were assigned. */
  readonly #counts = new Map<number, number>();

  get pending(): number {
    let sum = 0;
    for (const count of this.#counts.values()) sum += count;
    return sum;
  }

  /** One was assigned here. */
  assigned(beat: number): void {
    this.#counts.set(beat, (this.#counts.get(beat) ?? 0) + 1);
  }

  /** So many were assigned by all gateways together. Late news of an old beat is dropped. */
  learned(beat: number, count: number): void {
    const known = this.#counts.get(beat);
    if (known !== undefined && count > known) this.#counts.set(beat, count);
  }

  /** The node reported. */
  reported(beat: number): void {
    for (const counted of this.#counts.keys()) if (counted < beat - 1) this.#counts.delete(counted);
  }
}
