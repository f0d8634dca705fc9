import type { SmokeArguments } from './arguments.ts';
import { type SmokeSummary } from './summary.ts';
type Say = (line: string) => void;
/** Runs the smoke test and sums it up. Progress goes to `say`. Throws when the cluster or a browser cannot be used at all. */
export declare function runSmoke({ target }: SmokeArguments, say: Say): Promise<SmokeSummary>;
export {};
//# sourceMappingURL=run.d.ts.map