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
  /** Encodings in which people without a browser publish their pictures; pages send one, for want of cores. Default 1. */
  readonly layers?: 1 | 3;
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

/** Milliseconds. Every scenario bounds every figure, and a figure that has a bound must have been measured. */
export interface Bounds {
  /** `p95`: over all receivers, tracks and rounds. `max`: for each person in each round. */
  readonly recoverMs: { readonly p95: number; readonly max: number };
  /** `during`: from the fault until it is taken back. `after`: from then on, when what was away is back. */
  readonly longestGapMs: { readonly during: GapBound; readonly after: GapBound };
}

/** One for sound and picture alike, or one for each. */
export type GapBound = number | { readonly audio: number; readonly video: number };

/** No gap that a person could notice; twice what a quiet call shows on a busy machine of two cores. */
export const UNNOTICED_MS = 200;
/** The last picture before a fault is up to this old, so that a gap is longer than the recovery by it. */
const PICTURE_MS = 67;

/** Where media is lost until it has recovered elsewhere, and nobody may notice when what was away comes back. */
export function mediaLost(recoverMs: Bounds['recoverMs']): Bounds {
  return { recoverMs, longestGapMs: { during: recoverMs.max + PICTURE_MS, after: UNNOTICED_MS } };
}

/** The design's budget for media after a killed node. */
export const KILLED = mediaLost({ p95: 1_600, max: 2_000 });
/** What hangs or is cut off resets no connection: evidence of it takes up to 1.4 s longer than of what was killed. */
export const SILENT = mediaLost({ p95: 3_000, max: 3_400 });
/** The design's budget for the longest freeze while something is replaced; nobody has to rebuild anything. */
export const REPLACED: Bounds = {
  recoverMs: { p95: 1_600, max: 2_000 },
  longestGapMs: { during: 300, after: UNNOTICED_MS },
};

/** What takes the first round of the long form, where something is away that a cluster may be without for long. */
export const MINUTES_MS = 120_000;

/** Six people on three nodes behind two gateways: what all figures are measured with. */
export const SIX_ON_THREE: Setting = { people: 6, mediaNodes: 3, gateways: 2, hosts: 'loopback' };

/** Of scenarios in which something is away that running calls need not: media does not notice, and it is used again at once. */
export const OUTAGE = {
  setting: SIX_ON_THREE,
  recovers: 'service',
  felt: 'always',
  bounds: {
    // Back in use with the first or second try to connect, which are a second apart at most, and a join.
    recoverMs: { p95: 2_000, max: 3_000 },
    longestGapMs: { during: UNNOTICED_MS, after: UNNOTICED_MS },
  },
} as const satisfies Partial<Scenario>;
