import { type ChaosSummary } from './report.ts';
import type { Scenario } from './scenario.ts';
export interface RunOptions {
    readonly form: 'long' | 'short';
    readonly seed: number;
    readonly rounds?: number | undefined;
    readonly say: (line: string) => void;
    /** Ends after the round that runs by then, however many rounds were asked for. */
    readonly untilMs?: number | undefined;
    /** Fewer people than the scenario says, for the short form. */
    readonly people?: number | undefined;
}
/** Runs a scenario's rounds on one call; stops at the first round that does not hold. */
export declare function runScenario(scenario: Scenario, options: RunOptions): Promise<ChaosSummary>;
//# sourceMappingURL=run.d.ts.map