import type { Violation } from './invariants.ts';
import type { Bounds, Felt, Scenario } from './scenario.ts';

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
  /** Whether there must be a recovery among these. */
  readonly felt: Felt;
  /** In a mix: what this round was, and by which bounds it is judged by itself. */
  readonly picked?: Pick<Scenario, 'name' | 'bounds'>;
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
  /** Why the run could not go on to its end. */
  readonly error?: unknown;
}

export function summarize(outcome: Outcome): ChaosSummary {
  const { scenario, seed, bounds, rounds, violations, error } = outcome;
  const recoverMs = percentiles(rounds.flatMap((round) => round.recoverMs));
  const gaps = percentiles(rounds.flatMap((round) => round.longestGapMs));
  const undisturbed = percentiles(rounds.flatMap((round) => round.undisturbedGapMs));
  const failed = [
    ...('error' in outcome ? [error instanceof Error ? error.message : String(error)] : []),
    ...rounds.flatMap((round, at) => brokenInRound(round).map((what) => `round ${at + 1}: ${what}`)),
    ...violations.map(({ invariant, what }) => `${invariant}: ${what}`),
    ...(rounds.length === 0 ? ['no round was run to its end'] : beyondBounds(rounds, bounds)),
  ];
  return {
    scenario,
    ok: failed.length === 0,
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

function brokenInRound(round: RoundFigures): string[] {
  const { picked, failed } = round;
  if (!picked) return [...failed];
  return [...failed, ...beyondBounds([round], picked.bounds)].map((what) => `${picked.name}: ${what}`);
}

/** What of these rounds taken together is beyond a bound, or should have been measured for one and was not. */
function beyondBounds(rounds: readonly RoundFigures[], { recoverP95Ms, longestGapMs }: Bounds): string[] {
  const recoveries = rounds.flatMap((round) => round.recoverMs);
  const gaps = rounds.flatMap((round) => round.longestGapMs);
  const mayBeNone = rounds.every(({ felt }) => felt === 'perhaps');
  return [
    ...(recoveries.length === 0 && mayBeNone
      ? []
      : beyond('recoverMs', recoveries, { figure: 'p95', bound: recoverP95Ms })),
    ...beyond('longestGapMs', gaps, { figure: 'max', bound: longestGapMs }),
  ];
}

function beyond(
  what: string,
  samples: readonly number[],
  { figure, bound }: { figure: 'p95' | 'max'; bound: number | undefined },
): string[] {
  if (bound === undefined) return [];
  if (samples.length === 0) return [`${what} has a bound, ${bound}, and was not measured`];
  const value = percentiles(samples)[figure];
  return value > bound ? [`${what}.${figure} is ${value}, more than ${bound}`] : [];
}
