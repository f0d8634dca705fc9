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
export declare function summarize({ scenario, seed, bounds, rounds, violations }: Outcome): ChaosSummary;
/** Nearest-rank percentiles, whole milliseconds; zeros for nothing. */
export declare function percentiles(values: readonly number[]): Percentiles;
//# sourceMappingURL=report.d.ts.map