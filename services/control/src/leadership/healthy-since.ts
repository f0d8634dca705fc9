/** Since when something has answered without a break. One failed call, or a lost connection, starts it anew. */
export class Steadiness {
  #sinceMs: number | undefined;

  /** `undefined` while it does not answer. */
  get sinceMs(): number | undefined {
    return this.#sinceMs;
  }

  answered(nowMs: number): void {
    this.#sinceMs ??= nowMs;
  }

  failed(): void {
    this.#sinceMs = undefined;
  }
}
