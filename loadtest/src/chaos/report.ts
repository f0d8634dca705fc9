import type { Violation } from './invariants.ts';
import type { Bounds } from './scenario.ts';

export interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** What one round measured, in milliseconds: one entry per receiver and track, or per client. */
export interface RoundFigures {
  readonly recoverMs: readonly number[];
  readonly longestGapMs: readonly number[];
  /** The same gaps while nothing was broken: the noise of this machine. */
  readonly undisturbedGapMs: readonly number[];
  /** What did not hold in this round. */
  readonly failed: readonly string[];
}

/** The last line with `--json`. */
export interface ChaosSummary {
  readonly scenario: string;
  readonly ok: boolean;
  readonly rounds: number;
  readonly recoverMs: Percentiles;
  readonly longestGapMs: Omit<Percentiles, 'p95'>;
  readonly lostParticipants: number;
  readonly violations: number;
  readonly undisturbedGapMs: Omit<Percentiles, 'p95'>;
  readonly seed: number;
  /** What must hold and did not; absent when all held. */
  readonly failed?: readonly string[];
}

export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  readonly bounds: Bounds;
  readonly rounds: readonly RoundFigures[];
  readonly violations: readonly Violation[];
}

export function summarize({ scenario, seed, bounds, rounds, violations }: Outcome): ChaosSummary {
  const recoverMs = percentiles(rounds.flatMap((round) => round.recoverMs));
  const gaps = percentiles(rounds.flatMap((round) => round.longestGapMs));
  const undisturbed = percentiles(rounds.flatMap((round) => round.undisturbedGapMs));
  const failed = [
    ...rounds.flatMap((round, at) => round.failed.map((what) => `round ${at + 1}: ${what}`)),
    ...violations.map(({ invariant, what }) => `${invariant}: ${what}`),
    ...beyond('recoverMs.p95', recoverMs.p95, bounds.recoverP95Ms),
    ...beyond('longestGapMs.max', gaps.max, bounds.longestGapMs),
  ];
  return {
    scenario,
    ok: failed.length === 0 && rounds.length > 0,
    rounds: rounds.length,
    recoverMs,
    longestGapMs: { p50: gaps.p50, max: gaps.max },
    lostParticipants: lostParticipants(violations),
    violations: violations.length,
    undisturbedGapMs: { p50: undisturbed.p50, max: undisturbed.max },
    seed,
    ...(failed.length > 0 && { failed }),
  };
}

/** Nearest-rank percentiles, whole milliseconds; zeros for nothing. */
export function percentiles(values: readonly number[]): Percentiles {
  const sorted = [...values].sort((one, other) => one - other).map(Math.round);
  const at = (share: number): number => sorted[Math.ceil(sorted.length * share) - 1] ?? 0;
  return { p50: at(0.5), p95: at(0.95), max: sorted.at(-1) ?? 0 };
}

/** People whom the room lost or whose call was ended, each counted once. */
function lostParticipants(violations: readonly Violation[]): number {
  const lost = violations
    .filter(({ invariant }) => invariant === 'nobody is lost' || invariant === 'no call ends')
    .map(({ what }) => what.split(/[ :]/)[0]);
  return new Set(lost).size;
}

function beyond(what: string, value: number, bound: number | undefined): string[] {
  return bound !== undefined && value > bound ? [`${what} is ${value}, more than ${bound}`] : [];
}
