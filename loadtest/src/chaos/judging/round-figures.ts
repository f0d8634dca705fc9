import type { Bounds, Impact } from './bounds.ts';

/** How long one person was without one track, or without signaling; or how long a newcomer took. */
export interface RecoverySample {
  readonly identity: string;
  readonly ms: number;
}

/** The longest gaps of one track at one receiver, before and after healing. */
export interface GapSample {
  readonly receiver: string;
  readonly publisher: string;
  readonly kind: 'audio' | 'video';
  readonly duringMs: number;
  readonly afterMs: number;
}

/** What one round measured. */
export interface RoundFigures {
  readonly recoveries: readonly RecoverySample[];
  /** One for each receiver and track. */
  readonly gaps: readonly GapSample[];
  /** Longest gaps while nothing was broken: the noise of this machine. */
  readonly undisturbedGapMs: readonly number[];
  /** Whether there must be a recovery among these. */
  readonly impact: Impact;
  /** In a composite scenario: the scenario of this round, whose bounds judge it. */
  readonly picked?: { readonly name: string; readonly bounds: Bounds };
  /** What did not hold in this round. */
  readonly failed: readonly string[];
}
