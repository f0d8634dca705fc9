import { UNNOTICED_MS, type Bounds, type Impact, type Recovery } from '../judging/bounds.ts';
import type { Stage } from './stage.ts';

/** A plan: a setting, what is broken in each round, and what must hold. */
export interface Scenario extends Plan {
  /** What a round's `recoverMs` are. */
  readonly recovers: Recovery;
  readonly impact: Impact;
  readonly bounds: Bounds;
  /**
   * Breaks something through `stage.fault`, from which time counts. What returns once the call has recovered
   * without it is left to `stage.afterwards`.
   */
  readonly fault: (stage: Stage) => Promise<void>;
}

/** Each round is one of another scenario, picked by the seed. It is measured as that says, and judged by its bounds. */
export interface CompositeScenario extends Plan {
  readonly picks: readonly Scenario[];
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
  readonly clients: number;
  readonly mediaNodes: number;
  readonly gateways: number;
  /** `network`: each media node is a host with an address of its own, which needs root. */
  readonly hosts: 'loopback' | 'network';
  /** Encodings in which people without a browser publish their pictures; pages send one, for want of cores. Default 1. */
  readonly layers?: 1 | 3;
  /** Default 1. */
  readonly controls?: number;
  /** A Redis with a replica, and sentinels that make it the primary. Default: one Redis. */
  readonly redisFailsOver?: boolean;
  /** Added to every service's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What takes the first round of the long form, where something is away that a cluster may be without for long. */
export const MINUTES_MS = 120_000;

/** Six people on three nodes behind two gateways: what all figures are measured with. */
export const SIX_ON_THREE: Setting = { clients: 6, mediaNodes: 3, gateways: 2, hosts: 'loopback' };

/** Of scenarios in which something is away that running calls need not: media does not notice, and it is used again at once. */
export const OUTAGE = {
  setting: SIX_ON_THREE,
  recovers: 'service',
  impact: 'certain',
  bounds: {
    // Back in use with the first or second try to connect, which are a second apart at most, and a join.
    recoverMs: { p95: 2_000, max: 3_000 },
    longestGapMs: { during: UNNOTICED_MS, after: UNNOTICED_MS },
  },
} as const satisfies Partial<Scenario>;
