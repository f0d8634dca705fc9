/**
 * The store's clock as one process sees it. It is never taken to be ahead of what it is: an answer was given before it
 * arrived. So a deadline by it is never later than the caller's own, however slow the network was.
 */
export class StoreClock {
  #offsetMs: number | undefined;

  /** `storeUs` was the store's time, in microseconds since 1970, in an answer that arrived at `atMs` (monotonic). */
  learn(storeUs: number, atMs: number): void {
    this.#offsetMs = storeUs / 1000 - atMs;
  }

  /** Another server answers from now on. */
  forget(): void {
    this.#offsetMs = undefined;
  }

  /** `atMs` (monotonic) in microseconds of the store's clock; 0, which has always passed, while that is not known. */
  storeUs(atMs: number): number {
    return this.#offsetMs === undefined ? 0 : Math.floor((atMs + this.#offsetMs) * 1000);
  }
}
