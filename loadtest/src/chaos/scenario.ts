import type { Stage } from './stage.ts';

/** A plan: a setting, what is broken in each round, and what must hold. */
export interface Scenario extends Plan {
  /** What a round's `recoverMs` are. */
  readonly recovers: Recovery;
  readonly felt: Felt;
  readonly bounds: Bounds;
  /**
   * Breaks something through `stage.fault`, from which on time counts. What is to come back once the call has recovered
   * without it is left to `stage.afterwards`.
   */
  readonly fault: (stage: Stage) => Promise<void>;
}

/** Each round is one of another scenario, picked by the seed. It is measured as that says, and judged by its bounds. */
export interface Mix extends Plan {
  readonly mixes: readonly Scenario[];
}

interface Plan {
  readonly name: string;
  /** One sentence. */
  readonly what: string;
  readonly setting: Setting;
  /** Rounds of the long form. */
  readonly rounds: number;
}

export interface Setting {
  readonly people: number;
  readonly mediaNodes: number;
  readonly gateways: number;
  /** `network`: each media node is a host with an address of its own, which needs root. */
  readonly hosts: 'loopback' | 'network';
  /** Default 1. */
  readonly controls?: number;
  /** A Redis with a replica, and sentinels that make it the primary. Default: one Redis. */
  readonly redisFailsOver?: boolean;
  /** Added to every service's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * `media`: from the fault until a receiver that lost a track has it again. `healing`: the same, from when the fault was
 * taken back. `signaling`: from the fault until a client that lost its gateway is connected again. `service`: from the
 * return of what was away, or while it is slow, until a newcomer has joined and everybody sees them.
 */
export type Recovery = 'media' | 'healing' | 'signaling' | 'service';

/**
 * `always`: the fault takes something from somebody, so that a round without a recovery broke nothing, or measured nothing,
 * and does not hold. `perhaps`: at best nobody loses anything, and a round without a recovery is a good one.
 */
export type Felt = 'always' | 'perhaps';

/** Milliseconds; what is absent is only reported. A figure that has a bound must have been measured. */
export interface Bounds {
  readonly recoverP95Ms?: number;
  readonly longestGapMs?: number;
}

/** What takes the first round of the long form, where something is away that a cluster may be without for long. */
export const MINUTES_MS = 120_000;

/** Six people on three nodes behind two gateways: what all figures are measured with. */
export const SIX_ON_THREE: Setting = { people: 6, mediaNodes: 3, gateways: 2, hosts: 'loopback' };

/** Of scenarios in which something is away that running calls need not: media does not notice, and it is used again at once. */
export const OUTAGE = {
  setting: SIX_ON_THREE,
  recovers: 'service',
  felt: 'always',
  bounds: { longestGapMs: 200 },
} as const satisfies Partial<Scenario>;
