/** RFC 6298, section 2: the gain of the variation. */
const RTTVAR_GAIN = 1 / 4;
/** The least that a retransmission adds: the shortest timeout of Linux' TCP. */
const TCP_MIN_RTO_MS = 200;
/** The round trip is the shortest of this many last measurements. */
const KEPT = 16;

export interface RoundTripLimits {
  /** The shortest deadline, in milliseconds, however near the peer is. */
  readonly minMs: number;
  /** The longest one. */
  readonly maxMs: number;
  /** The deadline for a peer that was never measured; RFC 6298 takes 1 s. */
  readonly unknownMs: number;
}

interface Estimate {
  /** The last ones, oldest first. */
  readonly measuredMs: readonly number[];
  readonly variationMs: number;
}

/**
 * Estimates the round trip to each peer, and a deadline that leaves time to retransmit one lost segment. Like the retransmission
 * timeout of RFC 6298, but from the shortest of the last measurements, and with a variation of at most one round trip: a busy
 * process says nothing about the link, and must not delay the detection of a silent peer in the same data centre.
 */
export class RoundTrips {
  readonly #limits: RoundTripLimits;
  readonly #estimates = new Map<string, Estimate>();

  constructor(limits: RoundTripLimits) {
    this.#limits = limits;
  }

  /** The round trip, in milliseconds; `undefined` while nothing was measured. */
  usualMs(peer: string): number | undefined {
    const known = this.#estimates.get(peer);
    return known && Math.min(...known.measuredMs);
  }

  /** The deadline for an answer, in milliseconds; it allows for one loss of the request or of the answer. */
  deadlineMs(peer: string): number {
    const { minMs, maxMs, unknownMs } = this.#limits;
    const usualMs = this.usualMs(peer);
    const variationMs = this.#estimates.get(peer)?.variationMs ?? 0;
    const wantedMs =
      usualMs === undefined
        ? unknownMs
        : 2 * usualMs + Math.max(TCP_MIN_RTO_MS, Math.min(4 * variationMs, usualMs));
    return Math.min(maxMs, Math.max(minMs, wantedMs));
  }

  measured(peer: string, tookMs: number): void {
    const { measuredMs = [], variationMs = 0 } = this.#estimates.get(peer) ?? {};
    const deviationMs = tookMs - Math.min(tookMs, ...measuredMs);
    this.#estimates.set(peer, {
      measuredMs: [...measuredMs, tookMs].slice(-KEPT),
      variationMs: (1 - RTTVAR_GAIN) * variationMs + RTTVAR_GAIN * deviationMs,
    });
  }

  /** Forgets all other peers. */
  keepOnly(peers: { has(peer: string): boolean }): void {
    for (const peer of this.#estimates.keys()) if (!peers.has(peer)) this.#estimates.delete(peer);
  }
}
