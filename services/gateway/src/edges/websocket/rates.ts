import { TokenBucket, type TokenBucketSettings } from '@skein/runtime';
import { GatewayError } from '../../participants/errors.ts';

/** How often one connection may call the methods that make work for others. */
export interface ConnectionRates {
  /** Changes of the room's state, which go to everyone in it. */
  readonly changes: TokenBucketSettings;
  /** Reads of the room's whole state. */
  readonly syncs: TokenBucketSettings;
}

export type RateName = keyof ConnectionRates;

export interface RateCost {
  readonly rate: RateName;
  readonly tokens: number;
}

export function ratesOf(settings: {
  readonly changesPerSecond: number;
  readonly changesBurst: number;
  readonly syncsPerSecond: number;
}): ConnectionRates {
  const { changesPerSecond, changesBurst, syncsPerSecond } = settings;
  return {
    changes: { perSecond: changesPerSecond, burst: changesBurst },
    // A client that lost a message syncs once; more than a few in a row is a loop.
    syncs: { perSecond: syncsPerSecond, burst: Math.max(1, 2 * syncsPerSecond) },
  };
}

/** One connection's token buckets, created on first use: an idle connection has none. */
export class RateLimits {
  readonly #rates: ConnectionRates;
  readonly #buckets = new Map<RateName, TokenBucket>();

  constructor(rates: ConnectionRates) {
    this.#rates = rates;
  }

  /** Fails `TOO_MANY_REQUESTS` with the time until the request would be granted. */
  spend({ rate, tokens }: RateCost, method: string, nowMs: number): void {
    const settings = this.#rates[rate];
    let bucket = this.#buckets.get(rate);
    if (!bucket) this.#buckets.set(rate, (bucket = new TokenBucket(settings)));
    const waitMs = bucket.take(nowMs, tokens);
    if (waitMs > 0) throw GatewayError.tooOften(method, settings.perSecond, waitMs);
  }
}
