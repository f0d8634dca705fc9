/** Since when a dependency has answered without a break. One failed call or a lost connection starts the time again. */
export class HealthySince {
  #sinceMs: number | undefined;

  /** `undefined` while the dependency does not answer. */
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
