import type { PersonView, TrackGap } from './person-report.ts';
import type { RoundFigures } from './report.ts';
import type { Recovery, Scenario } from './scenario.ts';
import { type StageParts } from './stage.ts';
/** Runs one round: an undisturbed time for comparison, the fault, recovery, restoring, and its aftermath. */
export declare function runRound(scenario: Scenario, parts: StageParts): Promise<RoundFigures>;
interface Measured {
    readonly gaps: readonly ReceivedGap[];
    readonly views: readonly PersonView[];
    readonly faultAtMs: number;
    readonly toMs: number;
}
interface ReceivedGap extends TrackGap {
    readonly receiver: string;
}
/** From the fault until what was lost by it was there again, for each receiver and track, or each client. */
export declare function recoveries(recovers: Exclude<Recovery, 'service'>, { gaps, views, faultAtMs, toMs }: Measured): number[];
export {};
//# sourceMappingURL=rounds.d.ts.map