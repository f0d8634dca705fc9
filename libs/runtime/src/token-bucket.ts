export interface TokenBucketSettings {
  /** Tokens added per second, evenly. More than 0. */
  readonly perSecond: number;
  /** Tokens that a full bucket holds: what may be spent at once after a rest. At least the highest cost. */
  readonly burst: number;
}

/** A token bucket (RFC 2697's committed rate and burst). Pure: the caller passes the monotonic time in milliseconds. */
export class TokenBucket {
  readonly #settings: TokenBucketSettings;
  #tokens: number;
  #filledAtMs = -Infinity;

  /** Full at first. */
  constructor(settings: TokenBucketSettings) {
    this.#settings = settings;
    this.#tokens = settings.burst;
  }

  /** Spends `cost` tokens and returns 0; without enough of them spends none and returns the milliseconds until there are. */
  take(nowMs: number, cost = 1): number {
    const { perSecond, burst } = this.#settings;
    const passedMs = Math.max(0, nowMs - this.#filledAtMs);
    this.#tokens = Math.min(burst, this.#tokens + (passedMs / 1000) * perSecond);
    this.#filledAtMs = nowMs;
    if (this.#tokens >= cost) {
      this.#tokens -= cost;
      return 0;
    }
    return Math.max(1, Math.ceil(((cost - this.#tokens) / perSecond) * 1000));
  }
}
