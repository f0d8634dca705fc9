import { beyondBounds } from './beyond-bounds.ts';
import type { Violation } from '../observing/invariants.ts';
import { spreadMsOf, type SpreadMs } from '../../measure/statistics.ts';
import type { Bounds } from './bounds.ts';
import type { RoundFigures } from './round-figures.ts';

/** Who had to wait longest, in which round (from 1 on). */
export interface WorstClient {
  readonly identity: string;
  readonly round: number;
  /** Until the last of their tracks was back. */
  readonly recoverMs: number;
}

/** The last line with `--json`. Milliseconds. */
export interface ChaosSummary {
  readonly scenario: string;
  readonly ok: boolean;
  readonly rounds: number;
  readonly recoverMs: SpreadMs;
  /** Absent when nobody lost anything. */
  readonly worstPerson?: WorstClient;
  readonly longestGapMs: { readonly during: MiddleAndMax; readonly after: MiddleAndMax };
  readonly lostParticipants: number;
  readonly violations: number;
  /** How many things were left when everybody had gone. */
  readonly leaks: number;
  /** These, in words; absent when there are none. */
  readonly leaked?: readonly string[];
  readonly undisturbedGapMs: MiddleAndMax;
  readonly seed: number;
  /** What must hold and did not; absent when all held. */
  readonly failed?: readonly string[];
}

type MiddleAndMax = Omit<SpreadMs, 'p95'>;

export interface Outcome {
  readonly scenario: string;
  readonly seed: number;
  /** Empty for a mix, whose rounds have their own. */
  readonly bounds: Partial<Bounds>;
  readonly rounds: readonly RoundFigures[];
  readonly violations: readonly Violation[];
  /** What was left at the end, in words. `undefined`: the run did not come to its end, so nobody looked. */
  readonly leaks: readonly string[] | undefined;
  /** Why the run ended early. */
  readonly error?: unknown;
}

export function summarize(outcome: Outcome): ChaosSummary {
  const { scenario, seed, bounds, rounds, violations, leaks, error } = outcome;
  const gaps = rounds.flatMap((round) => round.gaps);
  const worstPerson = worstOf(rounds);
  const failed = [
    ...('error' in outcome ? [error instanceof Error ? error.message : String(error)] : []),
    ...rounds.flatMap((round, at) => brokenInRound(round).map((what) => `round ${at + 1}: ${what}`)),
    ...violations.map(({ invariant, what }) => `${invariant}: ${what}`),
    ...(rounds.length === 0 ? ['no round was run to its end'] : beyondBounds(rounds, bounds)),
    ...(leaks?.map((leak) => `left behind: ${leak}`) ??
      ('error' in outcome ? [] : ['nobody looked for what is left behind'])),
  ];
  return {
    scenario,
    ok: failed.length === 0,
    rounds: rounds.length,
    recoverMs: spreadMsOf(rounds.flatMap((round) => round.recoveries.map(({ ms }) => ms))),
    ...(worstPerson && { worstPerson }),
    longestGapMs: {
      during: middleAndMax(gaps.map(({ duringMs }) => duringMs)),
      after: middleAndMax(gaps.map(({ afterMs }) => afterMs)),
    },
    lostParticipants: lostParticipants(violations),
    violations: violations.length,
    leaks: leaks?.length ?? 0,
    ...(leaks && leaks.length > 0 && { leaked: leaks }),
    undisturbedGapMs: middleAndMax(rounds.flatMap((round) => round.undisturbedGapMs)),
    seed,
    ...(failed.length > 0 && { failed }),
  };
}

function middleAndMax(values: readonly number[]): MiddleAndMax {
  const { p50, max } = spreadMsOf(values);
  return { p50, max };
}

function worstOf(rounds: readonly RoundFigures[]): WorstClient | undefined {
  return rounds
    .flatMap(({ recoveries }, at) =>
      recoveries.map(({ identity, ms }) => ({ identity, round: at + 1, recoverMs: Math.round(ms) })),
    )
    .reduce<WorstClient | undefined>(
      (worst, one) => (worst && worst.recoverMs >= one.recoverMs ? worst : one),
      undefined,
    );
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
