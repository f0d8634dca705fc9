import { type Scenario } from '../scenario.ts';
export declare const nodeCutOff: Scenario;
//# sourceMappingURL=node-cut-off.d.ts.map