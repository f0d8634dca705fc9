import type { Scenario } from '../scenario.ts';
export declare const scenarios: readonly Scenario[];
//# sourceMappingURL=index.d.ts.map