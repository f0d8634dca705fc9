import { type Scenario } from '../scenario.ts';
export declare const nodeDrain: Scenario;
//# sourceMappingURL=node-drain.d.ts.map